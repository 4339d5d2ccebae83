import type { DatabaseSync } from 'node:sqlite'

/** By what facts of a meter its intervals were computed. */

/** The meters' rules. `change` belongs into a transaction of the caller. */
export function openMeterRules(database: DatabaseSync) {
  const select = database.prepare('SELECT rules FROM meter_rules WHERE meter = ?')
  const upsert = database.prepare(
    'INSERT INTO meter_rules VALUES (?, ?) ON CONFLICT DO UPDATE SET rules = excluded.rules',
  )

  /** Remembers a meter's rules. True when others were remembered, or none. */
  function change(meter: string, rules: string): boolean {
    if (select.get(meter)?.['rules'] === rules) return false
    upsert.run(meter, rules)
    return true
  }

  return { change }
}
