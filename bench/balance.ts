import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { balanceTable, partsInScope } from '#accounts/balance-table.ts'
import { parkBalance, type BalanceGround } from '#accounts/balance.ts'
import { accountingPlan } from '#accounts/accounting-plan.ts'
import { decimal } from '#accounts/decimal.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { measuredFromBooks, type MeasuredEnergy } from '#accounts/measured-energy.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { readBalanceRows, readEnergyItems } from '#cli/accounting-files.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { NO_SLOTS, type PlacedSum } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { indexPark } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { generatePark } from '#simulators/generated-park.ts'
import { readScenario } from '#simulators/scenario.ts'

/**
 * `npm run bench balance`: the energy balance table of a year of a generated park of 1,000 meters, of the park and of
 * every enterprise. First from what the meters measured month by month, then with the joining of their day sums.
 */
const METERS = 1_000
const ROUNDS = 9
const DAY_MS = 96 * SLOT_MS

const scenarioFile = fileURLToPath(new URL('../simulators/scenarios/forty-enterprises.yaml', import.meta.url))

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

/** A generated park of so many meters: enterprises are added until there are enough. */
function parkOf(meters: number): BalanceGround['park'] {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-balance-'))
  try {
    const file = join(folder, 'scenario.yaml')
    for (let enterprises = 40; ; enterprises += 10) {
      writeFileSync(
        file,
        readFileSync(scenarioFile, 'utf8').replace('enterprises: 40', `enterprises: ${enterprises}`),
      )
      const park = indexPark(generatePark(readScenario(file).value, undefined).park)
      if (park.meters.size >= meters) return park
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export async function benchBalance(): Promise<void> {
  const park = parkOf(METERS)
  const { description } = park
  const factors = readFactorFiles()
  const plan = accountingPlan.parse({
    park: description.id,
    revision: 'bench',
    standardCoal: {
      edition: 'gb2589-2008',
      subjects: { naturalGas: 'naturalGas.oilField' },
      electricityEqual: [{ year: 2026, kgcePerKwh: '0.3', document: 'made up', confidence: 'unverified' }],
    },
    steam: [...park.meters.values()]
      .filter(({ carrier }) => carrier === 'steam')
      .map(({ id }) => ({ meters: [id], state: { enthalpyKjPerKg: '2773', document: 'made up' } })),
    accounts: [description, ...description.enterprises].map(({ id }) => ({
      account: id,
      sector: 'industry',
      fuelSet: 'S1',
      electricityRegion: 'tianjin',
    })),
  })
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
  const books = { daySums: () => days }
  const fromDays = rounds(() => make(measuredFromBooks(books, year.toMs), [undefined]))
  console.log(`the park’s year from ${days.length} day sums a meter: ${median(fromDays)}`)
  return Promise.resolve()
}
