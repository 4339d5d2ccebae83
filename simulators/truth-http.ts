import { z } from 'zod'
import { toDecimal } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS, slotStart } from '#contract/grid.ts'
import { epochMs } from '#contract/identity.ts'
import { truthCsv } from './truth-csv.ts'
import type { Truth, TruthNode } from './truth-energy.ts'

/**
 * The truth as answers of an HTTP server, without one:
 *
 *   GET /truth                                    → { nodes: [{ id, kind, unit }] }
 *   GET /truth/NODE?from=…&to=…&step=…            → { node, unit, rows: [{ fromMs, toMs, energy }] }
 *   GET /truth.csv?from=…&to=…                    → all nodes, quarter by quarter, as `truth-csv.ts` has it
 *
 * `from` and `to` are instants (ISO 8601 with offset, or UTC milliseconds), `step` is in milliseconds, a quarter of an
 * hour by default; the last row may be shorter. `energy` is an exact decimal text, and a row's is the sum of its parts'.
 */

/** Rows in one answer: three months of quarters of an hour. */
export const TRUTH_ROWS_MAX = 10_000
/** Rows of a table of all nodes: a week, as the files of a history have; meters wait while it is computed. */
const TABLE_ROWS_MAX = 672

const isoInstant = z.iso
  .datetime({ offset: true })
  .transform((text) => Temporal.Instant.from(text).epochMilliseconds)
const millisecondsText = z.string().regex(/^\d+$/).transform(Number).pipe(epochMs)
const instant = z.union([isoInstant, millisecondsText])

const step = z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(1_000))

const inOrder = [({ from, to }: Stretch) => from < to, '"from" must lie before "to"'] as const

interface Stretch {
  readonly from: number
  readonly to: number
}

const truthQuery = z
  .strictObject({ from: instant, to: instant, step: step.default(SLOT_MS) })
  .refine(...inOrder)
  .refine(
    ({ from, to, step }) => (to - from) / step <= TRUTH_ROWS_MAX,
    `at most ${TRUTH_ROWS_MAX} rows: choose a longer step or a shorter period`,
  )

const tableQuery = z
  .strictObject({ from: instant, to: instant })
  .refine(...inOrder)
  .refine(
    ({ from, to }) => (to - from) / SLOT_MS <= TABLE_ROWS_MAX,
    `at most ${TABLE_ROWS_MAX} rows: choose a shorter period`,
  )

export interface TruthRows {
  readonly node: string
  readonly unit: TruthNode['unit']
  readonly rows: readonly { readonly fromMs: number; readonly toMs: number; readonly energy: string }[]
}

/** `GET /truth`. */
export function truthNodes({ nodes }: Truth): { readonly nodes: readonly TruthNode[] } {
  return { nodes }
}

/** `GET /truth/NODE`, its query as texts by name. Throws `not-simulated` or `request-invalid`. */
export function truthRows(truth: Truth, id: string, query: unknown): TruthRows {
  const node = truth.nodes.find((each) => each.id === id)
  if (node === undefined) throw new Fault('not-simulated', `The truth knows no node "${id}".`)
  const asked = truthQuery.safeParse(query)
  if (!asked.success) throw new Fault('request-invalid', z.prettifyError(asked.error))
  const { from, to, step } = asked.data
  const rows: TruthRows['rows'][number][] = []
  for (let fromMs = from; fromMs < to; fromMs += step) {
    const toMs = Math.min(fromMs + step, to)
    rows.push({ fromMs, toMs, energy: toDecimal(truth.energyOf(id, { fromMs, toMs })) })
  }
  return { node: id, unit: node.unit, rows }
}

/** `GET /truth.csv`: whole quarters of an hour from `from` on. Throws `request-invalid`. */
export function truthTable(truth: Truth, query: unknown): string {
  const asked = tableQuery.safeParse(query)
  if (!asked.success) throw new Fault('request-invalid', z.prettifyError(asked.error))
  return truthCsv(truth, { fromMs: slotStart(asked.data.from), toMs: asked.data.to })
}
