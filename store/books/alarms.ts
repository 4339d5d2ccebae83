import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import {
  alarmDetail,
  alarmKindNames,
  severities,
  subjectKinds,
  type Alarm,
  type AlarmCondition,
} from '#contract/alarm.ts'
import type { AlarmChanges, AlarmWish, Remark } from '../alarm-port.ts'

/** Alarms with their begin and end, and what persons remarked. */

const row = z.object({
  id: z.number(),
  rule: z.string(),
  kind: z.enum(alarmKindNames),
  severity: z.enum(severities),
  subject: z.string(),
  enterprise: z.string().nullable(),
  begun_ms: z.number(),
  ended_ms: z.number().nullable(),
  detail: z.string(),
  acknowledged_by: z.string().nullable(),
  acknowledged_ms: z.number().nullable(),
})
const subjectKind = z.enum(subjectKinds)
const remarkRow = z.object({ at_ms: z.number(), by: z.string(), text: z.string() })

/** "meter forge-main": the kind never has a blank. */
const subjectText = ({ subject }: Pick<AlarmCondition, 'subject'>): string => `${subject.kind} ${subject.id}`
const keyOf = (condition: Pick<AlarmCondition, 'rule' | 'subject'>): string =>
  `${condition.rule} ${subjectText(condition)}`

function alarmOf(found: unknown): Alarm {
  const { begun_ms, ended_ms, acknowledged_by, acknowledged_ms, ...rest } = row.parse(found)
  const blank = rest.subject.indexOf(' ')
  return {
    ...rest,
    subject: { kind: subjectKind.parse(rest.subject.slice(0, blank)), id: rest.subject.slice(blank + 1) },
    enterprise: rest.enterprise ?? undefined,
    detail: alarmDetail.parse(JSON.parse(rest.detail)),
    begunMs: begun_ms,
    endedMs: ended_ms ?? undefined,
    acknowledged:
      acknowledged_by === null || acknowledged_ms === null
        ? undefined
        : { by: acknowledged_by, atMs: acknowledged_ms },
  }
}

/** The alarms of the books. Every function that writes belongs into a transaction of the caller. */
export function openAlarms(database: DatabaseSync) {
  const standing = database.prepare('SELECT * FROM alarm WHERE ended_ms IS NULL ORDER BY id DESC')
  const newest = database.prepare(
    `SELECT * FROM alarm WHERE (?1 IS NULL OR enterprise = ?1) AND (?2 = 0 OR ended_ms IS NULL)
     ORDER BY id DESC LIMIT ?3`,
  )
  const one = database.prepare('SELECT * FROM alarm WHERE id = ?')
  const insert = database.prepare(
    `INSERT INTO alarm (rule, kind, severity, subject, enterprise, begun_ms, detail) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const update = database.prepare('UPDATE alarm SET detail = ? WHERE id = ?')
  const end = database.prepare('UPDATE alarm SET ended_ms = ? WHERE id = ?')
  const acknowledge = database.prepare(
    'UPDATE alarm SET acknowledged_by = ?, acknowledged_ms = ? WHERE id = ? AND acknowledged_by IS NULL',
  )
  const addRemark = database.prepare('INSERT INTO remark (subject, at_ms, by, text) VALUES (?, ?, ?, ?)')
  const remarksOf = database.prepare('SELECT at_ms, by, text FROM remark WHERE subject = ? ORDER BY id')
  const alarmAt = (id: number | bigint): Alarm => alarmOf(one.get(id))

  return {
    list: ({ limit, enterprise, isStanding = false }: AlarmWish): Alarm[] =>
      newest.all(enterprise ?? null, isStanding ? 1 : 0, Math.max(0, Math.trunc(limit))).map(alarmOf),

    find(id: number): Alarm | undefined {
      const found = one.get(id)
      return found === undefined ? undefined : alarmOf(found)
    },

    /** What holds now begins or goes on, what stood before and holds no longer ends. */
    settle(conditions: readonly AlarmCondition[], nowMs: number): AlarmChanges {
      const before = new Map(standing.all().map((found) => [keyOf(alarmOf(found)), alarmOf(found)]))
      const begun: Alarm[] = []
      for (const condition of conditions) {
        const detail = JSON.stringify(alarmDetail.parse(condition.detail))
        const known = before.get(keyOf(condition))
        before.delete(keyOf(condition))
        if (known !== undefined) {
          if (JSON.stringify(known.detail) !== detail) update.run(detail, known.id)
          continue
        }
        const { rule, kind, severity, enterprise } = condition
        const { lastInsertRowid } = insert.run(
          rule,
          kind,
          severity,
          subjectText(condition),
          enterprise ?? null,
          nowMs,
          detail,
        )
        begun.push(alarmAt(lastInsertRowid))
      }
      const ended = [...before.values()].map(({ id }) => {
        end.run(nowMs, id)
        return alarmAt(id)
      })
      return { begun, ended }
    },

    /** False where there is no such alarm, or somebody has acknowledged it. */
    acknowledge: (id: number, by: string, atMs: number): boolean => acknowledge.run(by, atMs, id).changes > 0,

    addRemark: (subject: string, { atMs, by, text }: Remark): void => {
      addRemark.run(subject, atMs, by, text)
    },

    remarks: (subject: string): Remark[] =>
      z
        .array(remarkRow)
        .parse(remarksOf.all(subject))
        .map(({ at_ms: atMs, by, text }) => ({ atMs, by, text })),
  }
}
