import { z } from 'zod'
import { localName } from '#contract/identity.ts'

/** The shape of accounts/balance-rows.yaml: rows of the energy balance table in their order, as a tree. */
const balanceRowShape = z.strictObject({
  id: z.string().regex(/^[a-z]+(-[a-z]+)*$/),
  name: localName,
  of: z.string().optional().meta({ description: 'The row that it is added to' }),
  sign: z.enum(['+', '-']).default('+').meta({ description: 'With which it is added to that row' }),
  ofWhich: z.boolean().default(false),
  park: z.boolean().default(false).meta({ description: 'True for what the statutory form does not have' }),
  computed: z.boolean().default(false),
})
export type BalanceRow = z.output<typeof balanceRowShape>

/** The rows that the identities of the table speak of. */
const NEEDED = ['supply', 'transformation', 'losses', 'terminal', 'difference', 'consumption'] as const

export const balanceRowFile = z
  .strictObject({ source: z.string().min(1), rows: z.array(balanceRowShape).min(1) })
  .refine(
    ({ rows }) => NEEDED.every((id) => rows.some((row) => row.id === id)),
    `the rows ${NEEDED.join(', ')} must be there`,
  )
  .refine(
    ({ rows }) =>
      rows.every(({ id, of }, index) => {
        const isNew = rows.findIndex((row) => row.id === id) === index
        return isNew && (of === undefined || rows.slice(0, index).some((row) => row.id === of))
      }),
    'a row stands once, and after the one that it is added to',
  )

/** The rows with their depth and their children. */
export interface BalanceRows {
  readonly inOrder: readonly BalanceRow[]
  levelOf(id: string): number
  childrenOf(id: string): readonly BalanceRow[]
  /** Throws RangeError for a row that is not there. */
  row(id: string): BalanceRow
  has(id: string): boolean
  /** The row that it is added to in the end: supply, transformation, losses, terminal. */
  sectionOf(id: string): string
}

export function balanceRows(file: z.output<typeof balanceRowFile>): BalanceRows {
  const byId = new Map(file.rows.map((row) => [row.id, row]))
  const children = Map.groupBy(file.rows, ({ of }) => of)
  const row = (id: string): BalanceRow => {
    const found = byId.get(id)
    if (found === undefined) throw new RangeError(`the balance table has no row "${id}"`)
    return found
  }
  const levelOf = (id: string): number => {
    const { of } = row(id)
    return of === undefined ? 1 : levelOf(of) + 1
  }
  const sectionOf = (id: string): string => {
    const { of } = row(id)
    return of === undefined ? id : sectionOf(of)
  }
  return {
    inOrder: file.rows,
    levelOf,
    sectionOf,
    childrenOf: (id) => children.get(id) ?? [],
    row,
    has: (id) => byId.has(id),
  }
}
