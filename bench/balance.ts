import { balanceTable, partsInScope } from '#accounts/balance-table.ts'
import { parkBalance, type BalanceGround } from '#accounts/balance.ts'
import { decimal } from '#accounts/decimal.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { measuredFromBooks, type MeasuredEnergy } from '#accounts/measured-energy.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { readBalanceRows, readEnergyItems } from '#cli/accounting-files.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { DAY_MS } from '#contract/duration.ts'
import { NO_SLOTS, type PlacedSum } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { quantityOf } from '#contract/quantities.ts'
import { parkOf, planOf } from './large-park.ts'

/**
 * `npm run bench balance`: the energy balance table of a year of a generated park of 1,000 meters, of the park and of
 * every enterprise. First from what the meters measured month by month, then with the joining of their day sums.
 */
const METERS = 1_000
const ROUNDS = 9

function median(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const [low, middle, high] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)]
  return `median ${middle?.toFixed(0)} ms (${low?.toFixed(0)} to ${high?.toFixed(0)}, ${sorted.length} rounds)`
}

function rounds(work: () => void): number[] {
  return Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now()
    work()
    return performance.now() - startMs
  })
}

export async function benchBalance(): Promise<void> {
  const park = parkOf(METERS)
  const { description } = park
  const factors = readFactorFiles()
  const plan = planOf(park)
  const common = { park, plan, items: readEnergyItems(), library: factorLibrary(factors), records: [] }
  const rows = readBalanceRows()
  const year = reportPeriod('2026', description.timeZone)
  const sum = (fromMs: number): PlacedSum['sum'] => ({
    ...NO_SLOTS,
    energy: { count: 100_000 + (fromMs % 977), resolution: '0.01' },
    known: 96,
    methods: { measured: { slots: 96, energy: { count: 100_000 + (fromMs % 977), resolution: '0.01' } } },
  })
  const days: PlacedSum[] = []
  for (let fromMs = year.fromMs; fromMs < year.toMs; fromMs += DAY_MS) days.push({ fromMs, sum: sum(fromMs) })

  const monthly: BalanceGround['measured'] = (pieces) => (meter, quantity) =>
    pieces.map((piece): MeasuredEnergy => {
      const known = (piece.toMs - piece.fromMs) / SLOT_MS
      const unit = quantityOf(quantity).unit
      const energy = decimal('31234.56')
      return {
        ...piece,
        meter,
        quantity,
        unit,
        energy,
        expected: known,
        missing: 0,
        sum: { ...NO_SLOTS, known },
      }
    })
  const make = (measured: BalanceGround['measured'], accounts: readonly (string | undefined)[]): number => {
    const { parts } = parkBalance({ ...common, measured }, year)
    for (const account of accounts) balanceTable(partsInScope(parts, account), rows, common.items)
    return parts.length
  }
  const everyone = [undefined, description.id, ...description.enterprises.map(({ id }) => id)]
  console.log(
    `${park.meters.size} meters of ${description.enterprises.length} enterprises, ${make(monthly, [])} parts`,
  )
  console.log(`the park’s year from months: ${median(rounds(() => make(monthly, [undefined])))}`)
  console.log(`and the tables of all accounts: ${median(rounds(() => make(monthly, everyone)))}`)
  const books = { sumsOver: () => days }
  const fromDays = rounds(() => make(measuredFromBooks(books, year.toMs), [undefined]))
  console.log(`the park’s year from ${days.length} day sums a meter: ${median(fromDays)}`)
  return Promise.resolve()
}
