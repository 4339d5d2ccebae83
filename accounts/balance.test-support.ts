import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { NO_SLOTS } from '#contract/energy-sum.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import { indexPark, parkDescription, type Meter } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { accountingPlan, type AccountingPlan } from './accounting-plan.ts'
import { parkBalance, type BalanceGround, type ParkBalance } from './balance.ts'
import { balanceRowFile, balanceRows } from './balance-row.ts'
import { balanceTable, partsInScope, type BalanceTable } from './balance-table.ts'
import { decimal } from './decimal.ts'
import { energyItemFile } from './energy-item.ts'
import { factorLibrary } from './factor-library.ts'
import { electricityFile, fuelFile, heatFile, processFile, standardCoalFile } from './factor.ts'
import { reportPeriod } from './report-period.ts'

export const readYaml = (path: string): unknown =>
  parse(readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8'))

const demo = '../firmware-config/examples/demo-park/'
export const park = indexPark(parkDescription.parse(readYaml(`${demo}park.yaml`)))
export const plan: AccountingPlan = accountingPlan.parse(readYaml(`${demo}accounting.yaml`))
export const { items } = energyItemFile.parse(readYaml('energy-items.yaml'))
export const rows = balanceRows(balanceRowFile.parse(readYaml('balance-rows.yaml')))
export const library = factorLibrary({
  standardCoal: standardCoalFile.parse(readYaml('factors/standard-coal.yaml')),
  fuels: fuelFile.parse(readYaml('factors/fuel-defaults.yaml')),
  electricity: electricityFile.parse(readYaml('factors/electricity.yaml')),
  heat: heatFile.parse(readYaml('factors/heat.yaml')),
  process: processFile.parse(readYaml('factors/process.yaml')),
})

/** A meter's energy in a piece, as text; undefined where none of its slots is known. */
export type EnergyOf = (meter: Meter, piece: Period) => string | undefined

/** Meters of which some slots are missing, by id. */
export type MissingSlots = Readonly<Record<string, number>>

/** The demo park with energies that a test states. */
export function groundOf(
  energyOf: EnergyOf,
  over: Partial<BalanceGround> = {},
  missing: MissingSlots = {},
): BalanceGround {
  return {
    park,
    plan,
    items,
    library,
    records: [],
    measured: (pieces) => (meter, quantity) =>
      pieces.map((piece) => {
        const expected = (piece.toMs - piece.fromMs) / SLOT_MS
        const text = energyOf(meter, piece)
        const lost = text === undefined ? expected : (missing[meter.id] ?? 0)
        return {
          ...piece,
          meter,
          quantity,
          unit: quantityOf(quantity).unit,
          energy: text === undefined ? undefined : decimal(text),
          expected,
          missing: lost,
          sum: { ...NO_SLOTS, known: expected - lost },
        }
      }),
    ...over,
  }
}

export const balanceIn = (ground: BalanceGround, name: string): ParkBalance =>
  parkBalance(ground, reportPeriod(name, 'Asia/Shanghai'))

/** One account's table; the park's where none is named. */
export const tableOf = ({ parts }: Pick<ParkBalance, 'parts'>, account?: string): BalanceTable =>
  balanceTable(partsInScope(parts, account), rows, items)
