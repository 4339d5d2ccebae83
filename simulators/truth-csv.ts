import { toDecimal } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import type { Truth } from './truth-energy.ts'

/**
 * The truth as a table: a row for each quarter of an hour, by its start in UTC; a column for each node, headed
 * `node [unit]`. All numbers have six decimals, so a spreadsheet's sums agree with ours.
 */
export function truthCsv(truth: Truth, period: Period): string {
  const head = ['slot', ...truth.nodes.map(({ id, unit }) => `${id} [${unit ?? '?'}]`)]
  const rows = [...slotsBetween(period.fromMs, period.toMs)].map((slotMs) => [
    new Date(slotMs).toISOString(),
    ...truth.nodes.map(({ id }) => toDecimal(truth.energyOf(id, { fromMs: slotMs, toMs: slotMs + SLOT_MS }))),
  ])
  return `${[head, ...rows].map((cells) => cells.join(',')).join('\n')}\n`
}
