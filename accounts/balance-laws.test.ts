import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addFigures, NO_FIGURE, sumFigures, type BalanceFigure } from './balance-figure.ts'
import { balanceTable } from './balance-table.ts'
import { balanceIn, groundOf, items, park, rows, tableOf, type EnergyOf } from './balance.test-support.ts'
import { textOf } from './decimal.ts'

/** Energies of all meters in each of the months of a year, in hundredths; about one in thirty is not known. */
const year = fc.array(
  fc.array(fc.option(fc.integer({ min: 0, max: 10 ** 9 }), { freq: 30 }), { minLength: 12, maxLength: 12 }),
  { minLength: park.meters.size, maxLength: park.meters.size },
)
const ids = [...park.meters.keys()]
const energies =
  (given: readonly (readonly (number | null)[])[]): EnergyOf =>
  (meter, { fromMs }) => {
    const month = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO('Asia/Shanghai').month
    const cents = given[ids.indexOf(meter.id)]?.[month - 1] ?? undefined
    return cents === undefined ? undefined : String(cents / 100)
  }

const text = ({ amount, coal, absent, incomplete }: BalanceFigure): unknown => ({
  amount: amount === undefined ? undefined : textOf(amount),
  calorific: coal.calorific === undefined ? undefined : textOf(coal.calorific),
  equal: coal.equal === undefined ? undefined : textOf(coal.equal),
  absent,
  incomplete,
})
const months = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `2026-${String(from + index).padStart(2, '0')}`)
const runs = { numRuns: 15 }

describe('Laws of the balance table', () => {
  test('accounts add up to the park, row by row and item by item; what they pass on to each other cancels', () => {
    fc.assert(
      fc.property(year, (given) => {
        const balance = balanceIn(groundOf(energies(given)), '2026-03')
        const whole = tableOf(balance)
        const accounts = ['demo-park', 'steel', 'food', 'computing'].map((id) => tableOf(balance, id))
        const passed = ['received-inside', 'passed-inside'].map((id) =>
          sumFigures(
            accounts.flatMap(({ lines }) =>
              lines
                .filter(({ row }) => row.id === id)
                .flatMap(({ cells }) => [...cells.values()].map(({ figure }) => figure)),
            ),
          ),
        )
        expect(text(passed[0] ?? NO_FIGURE)).toEqual(text(passed[1] ?? NO_FIGURE))
        for (const { row, cells, total } of whole.lines) {
          const same = accounts.flatMap(({ lines }) => lines.find((line) => line.row.id === row.id) ?? [])
          if (row.id === 'received-inside' || row.id === 'passed-inside') continue
          for (const [item, { figure }] of cells) {
            const sum = sumFigures(same.flatMap((line) => line.cells.get(item)?.figure ?? []))
            // What an account lacks of what it passed on is lacking in its supply, and not in the park's.
            const { amount, calorific } = figureNumbers(sum)
            expect({ amount, calorific }).toEqual(figureNumbers(figure))
          }
          expect(figureNumbers(sumFigures(same.map((line) => line.total))).calorific).toBe(
            figureNumbers(total).calorific,
          )
        }
      }),
      runs,
    )
  })

  test('items add up to the total, and the difference is what is left', () => {
    fc.assert(
      fc.property(year, fc.constantFrom(undefined, 'demo-park', 'food'), (given, account) => {
        const { lines } = tableOf(balanceIn(groundOf(energies(given)), '2026-Q1'), account)
        const of = (id: string): BalanceFigure => lines.find(({ row }) => row.id === id)?.total ?? NO_FIGURE
        for (const { row, cells, total } of lines) {
          if (row.id === 'consumption') continue
          const energy = [...cells].filter(([item]) => items[item]?.media !== true)
          const sum = sumFigures(energy.map(([, { figure }]) => ({ ...figure, amount: undefined })))
          expect(text(sum)).toEqual(text(total))
        }
        const back = [of('difference'), of('terminal'), of('losses')].reduce(addFigures, NO_FIGURE)
        const there = addFigures(of('supply'), of('transformation'))
        expect(figureNumbers(back)).toEqual(figureNumbers(there))
      }),
      runs,
    )
  })

  test('months add up to the quarter, quarters to the year, in amount and in both values', () => {
    fc.assert(
      fc.property(year, (given) => {
        const ground = groundOf(energies(given))
        const parts = (names: readonly string[]) => names.map((name) => tableOf(balanceIn(ground, name)))
        for (const [whole, pieces] of [
          ['2026-Q1', months(1, 3)],
          ['2026', ['2026-Q1', '2026-Q2', '2026-Q3', '2026-Q4']],
        ] as const) {
          const [long] = parts([whole])
          const short = parts(pieces)
          for (const { row, cells, total } of long?.lines ?? []) {
            const same = short.flatMap(({ lines }) => lines.find((line) => line.row.id === row.id) ?? [])
            expect(text(sumFigures(same.map((line) => line.total)))).toEqual(text(total))
            for (const [item, { figure }] of cells) {
              const sum = sumFigures(same.flatMap((line) => line.cells.get(item)?.figure ?? []))
              expect(text(sum)).toEqual(text(figure))
            }
          }
        }
      }),
      { numRuns: 4 },
    )
  })

  test('the order of the parts does not matter', () => {
    fc.assert(
      fc.property(year, fc.integer(), (given, seed) => {
        const { parts } = balanceIn(groundOf(energies(given)), '2026-03')
        const mixed = parts.toSorted(
          (a, b) => order(a.row + a.account, seed) - order(b.row + b.account, seed),
        )
        const table = (of: typeof parts) =>
          balanceTable(of, rows, items).lines.map(({ total, cells }) => [
            text(total),
            [...cells].map(([item, { figure }]) => [item, text(figure)]),
          ])
        expect(table(mixed)).toEqual(table(parts))
      }),
      runs,
    )
  })
})

/** Values of a figure; a sum of which every part is nothing is nothing or zero. */
function figureNumbers({ amount, coal }: BalanceFigure) {
  const number = (value: { toFixed(): string } | undefined): string =>
    value === undefined || Number(value.toFixed()) === 0 ? '0' : value.toFixed()
  return { amount: number(amount), calorific: number(coal.calorific) }
}

/** Some order of texts that depends on a seed. */
function order(of: string, seed: number): number {
  let hash = seed
  for (const letter of of) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) % 2_147_483_647
  return hash
}
