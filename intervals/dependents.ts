import { SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import { formulaOf, type Park } from '#contract/park.ts'
import type { DirtyWindow } from '#store/port.ts'
import { feedsItself, sourcesOf } from './formula.ts'

/** What must be computed again because other intervals have changed. */
export type Dependents = (changed: readonly Interval[]) => readonly DirtyWindow[]

const nameOf = (meter: string, quantity: string): string => `${meter} ${quantity}`

/** The slots as few stretches; both ends count. */
function stretchesOf(slots: readonly number[]): { fromMs: number; toMs: number }[] {
  const stretches: { fromMs: number; toMs: number }[] = []
  for (const slotMs of slots.toSorted((a, b) => a - b)) {
    const last = stretches.at(-1)
    if (last !== undefined && slotMs <= last.toMs + 1) last.toMs = slotMs + SLOT_MS - 1
    else stretches.push({ fromMs: slotMs, toMs: slotMs + SLOT_MS - 1 })
  }
  return stretches
}

/** The meters with formulas that follow from the changed intervals, in the slots of these. */
export function formulaDependents(park: Pick<Park, 'meters'>): Dependents {
  const users = new Map<string, string[]>()
  for (const meter of park.meters.values()) {
    const formula = formulaOf(meter)
    const sources = formula === undefined ? undefined : sourcesOf(formula, park)
    if (sources === undefined || feedsItself(meter.id, park)) continue
    for (const { term, quantity } of sources) {
      const name = nameOf(term.meter, quantity)
      users.set(name, [...(users.get(name) ?? []), meter.id])
    }
  }
  return (changed) => {
    const slots = new Map<string, number[]>()
    for (const { meter, quantity, slotMs } of changed) {
      for (const user of users.get(nameOf(meter, quantity)) ?? []) {
        const found = slots.get(user)
        if (found === undefined) slots.set(user, [slotMs])
        else found.push(slotMs)
      }
    }
    return [...slots].flatMap(([meter, own]) => stretchesOf(own).map((stretch) => ({ meter, ...stretch })))
  }
}
