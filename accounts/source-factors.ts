import { settled } from '#contract/canonical-text.ts'
import type { FactorUse, RecordEvidence } from '#contract/entry.ts'
import { Fault } from '#contract/fault.ts'
import type { AccountMonth } from './account-month.ts'
import type { AccountPlan, EmissionSource } from './accounting-plan.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { Chosen, FactorLibrary } from './factor-library.ts'
import type { ElectricityFactor, FuelFactor, ProcessFactor } from './factor.ts'
import { fuelValueOf } from './own-fuel-value.ts'
import { shareOfDays } from './recorded-quantity.ts'
import type { LiveRecord } from './recorded-activity.ts'
import { steamEnthalpy } from './steam-enthalpy.ts'

/** Which factors a source's activity is multiplied with in a month, own values in the place of defaults. */

/** Factors as they are used, and the records that own values came from. */
export interface SourceFactors {
  readonly factors: readonly FactorUse[]
  readonly records: readonly RecordEvidence[]
}

type SupplierUnit = 'kgCO2/kWh' | 'tCO2/GJ'

/** Units in which suppliers state a factor, each with its factor to the unit that it is used in. */
export const supplierUnits: Readonly<Record<SupplierUnit, ReadonlyMap<string, string>>> = {
  'kgCO2/kWh': new Map([
    ['kgCO2/kWh', '1'],
    ['tCO2/MWh', '1'],
    ['gCO2/kWh', '0.001'],
  ]),
  'tCO2/GJ': new Map([
    ['tCO2/GJ', '1'],
    ['kgCO2/GJ', '0.001'],
    ['kgCO2/MJ', '1'],
  ]),
}

/** The value of a factor by what it is. Throws RangeError where it is not among them. */
export function factorValue(factors: readonly FactorUse[], what: FactorUse['what']): Decimal {
  const found = factors.find((each) => each.what === what)
  if (found === undefined) throw new RangeError(`no factor for ${what}`)
  return decimal(found.value)
}

const daysOf = (month: AccountMonth): number => shareOfDays(month, month.from, month.to)?.days ?? 0

/** What a source burnt in days of the month [from, to), in one and the same unit; undefined where that is not known. */
export type AmountIn = (from: string, to: string) => Decimal | undefined

/** How much of the activity each value holds for: by what was burnt in its days, or for want of that by the days. */
function weightsOf(
  holder: readonly (number | undefined)[],
  month: AccountMonth,
  amountIn: AmountIn | undefined,
): { readonly by: 'quantity' | 'days'; readonly weights: ReadonlyMap<number | undefined, Decimal> } {
  const days = new Map<number | undefined, Decimal>()
  for (const each of holder) days.set(each, (days.get(each) ?? ZERO).plus(1))
  if (amountIn === undefined || days.size < 2) return { by: 'days', weights: days }
  const amounts = new Map<number | undefined, Decimal>()
  const first = Temporal.PlainDate.from(month.from)
  for (let day = 0; day < holder.length;) {
    const value = holder[day]
    const next = holder.findIndex((each, index) => index > day && each !== value)
    const end = next === -1 ? holder.length : next
    const burnt = amountIn(first.add({ days: day }).toString(), first.add({ days: end }).toString())
    if (burnt === undefined || burnt.lt(0)) return { by: 'days', weights: days }
    amounts.set(value, (amounts.get(value) ?? ZERO).plus(burnt))
    day = end
  }
  const isNothing = [...amounts.values()].every((each) => each.eq(0))
  return isNothing ? { by: 'days', weights: days } : { by: 'quantity', weights: amounts }
}

const ZERO = decimal('0')

/**
 * A default with own values in its place for the days that they speak of: their mean weighted by what was burnt in those
 * days, or by the days where that is not known. Where two speak of one day, the one entered later holds.
 */
function withOwnValues(
  standard: FactorUse,
  month: AccountMonth,
  own: readonly { readonly entered: LiveRecord; readonly value: string }[],
  amountIn?: AmountIn,
): SourceFactors {
  if (own.length === 0) return { factors: [standard], records: [] }
  const days = daysOf(month)
  const holder: (number | undefined)[] = Array.from({ length: days })
  for (const [index, { entered }] of own.entries()) {
    const first = shareOfDays(month, month.from, entered.record.from)?.days ?? 0
    const share = shareOfDays(entered.record, month.from, month.to)
    for (let day = first; day < first + (share?.days ?? 0); day += 1) holder[day] = index
  }
  const held = own.map((_, index) => holder.filter((each) => each === index).length)
  const { by, weights } = weightsOf(holder, month, amountIn)
  let [sum, whole] = [ZERO, ZERO]
  for (const [index, weight] of weights) {
    const value = index === undefined ? standard.value : (own[index]?.value ?? standard.value)
    sum = sum.plus(decimal(value).times(weight))
    whole = whole.plus(weight)
  }
  const mean =
    weights.size < 2 ? '' : by === 'quantity' ? ', mean by quantity' : ', mean by days and not by quantity'
  const documents = own.flatMap(({ entered }, index) => (held[index] === 0 ? [] : entered.record.document))
  return {
    factors: [
      {
        ...standard,
        value: textOf(quotient(sum, whole)),
        rule: `${holder.includes(undefined) ? 'measured for a part of the days' : 'measured'}${mean}`,
        confidence: holder.includes(undefined) ? standard.confidence : 'own',
        document: documents.join('; ').slice(0, 1_000),
      },
    ],
    records: own.flatMap(({ entered, value }, index): RecordEvidence[] => {
      const part = held[index] ?? 0
      if (part === 0) return []
      return [
        {
          record: entered.number,
          use: 'factor',
          amount: value,
          ...(part === days ? {} : { part: [part, days] }),
        },
      ]
    }),
  }
}

function ownValues(
  records: readonly LiveRecord[],
  month: AccountMonth,
  valueOf: (entered: LiveRecord) => string | undefined,
): { readonly entered: LiveRecord; readonly value: string }[] {
  return records.flatMap((entered) => {
    if (shareOfDays(entered.record, month.from, month.to) === undefined) return []
    const value = valueOf(entered)
    return value === undefined ? [] : [{ entered, value }]
  })
}

const refused = (number: number, why: string): Fault =>
  new Fault('record-refused', `Record ${number}: ${why}.`)

/** Own values of suppliers, in the unit of the factor whose place they take. Throws `record-refused` for another unit. */
function supplierValues(
  source: EmissionSource,
  unit: SupplierUnit,
  month: AccountMonth,
  records: readonly LiveRecord[],
): ReturnType<typeof ownValues> {
  return ownValues(records, month, ({ number, record }) => {
    if (record.kind !== 'supplier-factor' || record.source !== source.id) return undefined
    const factor = supplierUnits[unit].get(record.unit)
    if (factor === undefined)
      throw refused(number, `a factor of ${source.id} is in ${unit}, not in ${record.unit}`)
    return textOf(decimal(record.value).times(factor))
  })
}

function fuelFactors(
  source: Extract<EmissionSource, { kind: 'fuel' }>,
  account: AccountPlan,
  month: AccountMonth,
  library: FactorLibrary,
  records: readonly LiveRecord[],
  amountIn: AmountIn | undefined,
): SourceFactors {
  const set = source.fuelSet ?? account.fuelSet
  const row: FuelFactor = library.fuel(set, source.fuel)
  const use = (what: 'ncv' | 'carbon', value: string, unit: string): FactorUse => ({
    code: row.code,
    what,
    value,
    unit,
    rule: 'set',
    confidence: row.confidence,
    document: library.setName(set),
  })
  const oxidation = (): FactorUse => {
    const common = { what: 'oxidation', unit: '1', rule: 'set', document: library.setName(set) } as const
    if (source.equipment === undefined && row.oxidation !== undefined)
      return { ...common, code: row.code, value: row.oxidation, confidence: row.confidence }
    if (source.equipment === undefined)
      throw new Fault(
        'factor-missing',
        `Oxidation of ${row.code} depends on the equipment, which is not named.`,
      )
    const found = library.oxidation(set, source.equipment)
    return { ...common, code: `${set}/${source.equipment}`, value: found.value, confidence: found.confidence }
  }
  const own = (standard: FactorUse, ncv?: Decimal): SourceFactors =>
    withOwnValues(
      standard,
      month,
      ownValues(records, month, ({ number, record }) => {
        if (record.kind !== 'fuel-property' || record.source !== source.id) return undefined
        if (record.property !== standard.what) return undefined
        const found = fuelValueOf(record, row)
        if (typeof found === 'string') throw refused(number, found)
        // Carbon by the amount of fuel is divided by the heating value that it is multiplied with again.
        const { value, perAmount } = found
        return textOf(perAmount && ncv !== undefined ? quotient(value, ncv) : value)
      }),
      amountIn,
    )
  const ncv = own(use('ncv', row.ncv, `GJ/${row.per}`))
  const carbon = own(use('carbon', row.carbon, 'tC/GJ'), factorValue(ncv.factors, 'ncv'))
  const all = [ncv, carbon, own(oxidation())]
  return { factors: all.flatMap(({ factors }) => factors), records: all.flatMap(({ records }) => records) }
}

function electricityUse(
  { factor, rule }: Chosen<ElectricityFactor>,
  what: 'emission' | 'residual',
): FactorUse {
  const { code, value, unit, confidence, document } = factor
  return { code, what, value, unit, rule, confidence, document }
}

function electricityFactors(
  source: EmissionSource,
  account: AccountPlan,
  month: AccountMonth,
  library: FactorLibrary,
  records: readonly LiveRecord[],
): SourceFactors {
  const vintage = account.electricityVintage === undefined ? {} : { vintage: account.electricityVintage }
  const location = library.electricity({
    region: account.electricityRegion,
    series: account.electricitySeries,
    year: month.year,
    ...vintage,
  })
  const residual = library.electricity({
    region: account.residualRegion,
    series: 'without-traded-non-fossil',
    year: month.year,
    ...vintage,
  })
  const market = withOwnValues(
    electricityUse(residual, 'residual'),
    month,
    supplierValues(source, 'kgCO2/kWh', month, records),
  )
  return { factors: [electricityUse(location, 'emission'), ...market.factors], records: market.records }
}

/** Code of an enthalpy that the accounting plan states. */
export const PLAN_ENTHALPY = 'plan/enthalpy'

/** The enthalpy that a rule of `heatFactors` says, computed again; undefined for what is no state of steam. */
export function enthalpyOf(rule: string): string | undefined {
  const [, pressure, temperature] = /^of (\d+(?:\.\d+)?) kPa, (\d+(?:\.\d+)?|saturated) °C$/.exec(rule) ?? []
  if (pressure === undefined || temperature === undefined) return undefined
  try {
    return textOf(
      steamEnthalpy(Number(pressure), temperature === 'saturated' ? undefined : Number(temperature)),
    )
  } catch (error) {
    if (error instanceof Fault && error.code === 'steam-state-invalid') return undefined
    throw error
  }
}

function heatFactors(
  source: Extract<EmissionSource, { kind: 'heat-purchased' | 'heat-sold' }>,
  month: AccountMonth,
  library: FactorLibrary,
  records: readonly LiveRecord[],
): SourceFactors {
  const row = library.heat('heat', month.from)
  const { code, value, unit, confidence, document } = row
  const emission = withOwnValues(
    { code, what: 'emission', value, unit, rule: 'of-the-period', confidence, document },
    month,
    supplierValues(source, 'tCO2/GJ', month, records),
  )
  const { steam } = source
  if (steam === undefined) return emission
  const common = { what: 'enthalpy', unit: 'kJ/kg', confidence: 'own', document: steam.document } as const
  const enthalpy: FactorUse =
    'enthalpyKjPerKg' in steam
      ? { ...common, code: PLAN_ENTHALPY, value: steam.enthalpyKjPerKg, rule: 'measured' }
      : {
          ...common,
          code: 'IAPWS-IF97',
          value: textOf(steamEnthalpy(Number(steam.pressureKpa), numberOf(steam.temperatureCelsius))),
          rule: `of ${steam.pressureKpa} kPa, ${steam.temperatureCelsius ?? 'saturated'} °C`,
        }
  return { factors: [...emission.factors, enthalpy], records: emission.records }
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text)

function activityFactor(row: ProcessFactor | undefined, account: AccountPlan, code: string): FactorUse {
  if (row !== undefined) {
    const { value, per, confidence, document } = row
    return {
      code: row.code,
      what: 'emission',
      value,
      unit: `tCO2/${per}`,
      rule: 'of-the-period',
      confidence,
      document,
    }
  }
  const own = account.ownFactors.find((each) => each.code === code)
  if (own === undefined) throw new Fault('factor-missing', `There is no factor ${code}.`)
  const { value, per, document } = own
  return { code, what: 'emission', value, unit: `tCO2/${per}`, rule: 'own', confidence: 'own', document }
}

/** What a source's factors depend on where no own value takes part; undefined where an account may have its own. */
function commonKey(source: EmissionSource, account: AccountPlan, month: AccountMonth): string | undefined {
  switch (source.kind) {
    case 'fuel':
      return `fuel ${source.fuelSet ?? account.fuelSet} ${source.fuel} ${source.equipment ?? ''}`
    case 'electricity-purchased':
    case 'electricity-sold': {
      const { electricityRegion, electricitySeries, residualRegion, electricityVintage } = account
      return `electricity ${electricityRegion} ${electricitySeries} ${residualRegion} ${electricityVintage ?? ''} ${month.year}`
    }
    case 'heat-purchased':
    case 'heat-sold':
      return `heat ${month.from} ${JSON.stringify(source.steam)}`
    case 'process':
    case 'biomass':
    case 'scope3':
      break
  }
  return undefined
}

/** A library gives some hundred different answers to all sources of all accounts and months. */
const common = new WeakMap<FactorLibrary, Map<string, SourceFactors>>()

const isOwnValue = ({ record }: LiveRecord): boolean =>
  record.kind === 'fuel-property' || record.kind === 'supplier-factor'

/**
 * The factors of a source in a month; those without own values are one and the same object for all sources that they
 * hold for. Throws `factor-missing`, `factor-ambiguous` or `record-refused`.
 */
export function sourceFactors(
  source: EmissionSource,
  account: AccountPlan,
  month: AccountMonth,
  library: FactorLibrary,
  records: readonly LiveRecord[],
  amountIn?: AmountIn,
): SourceFactors {
  const key = records.some(isOwnValue) ? undefined : commonKey(source, account, month)
  if (key === undefined) return chosenFactors(source, account, month, library, records, amountIn)
  const known = common.get(library) ?? new Map<string, SourceFactors>()
  common.set(library, known)
  const found = known.get(key)
  if (found !== undefined) return found
  const { factors } = chosenFactors(source, account, month, library, [])
  const made = { factors: Object.freeze(factors.map((factor) => settled(factor))), records: [] }
  known.set(key, made)
  return made
}

function chosenFactors(
  source: EmissionSource,
  account: AccountPlan,
  month: AccountMonth,
  library: FactorLibrary,
  records: readonly LiveRecord[],
  amountIn?: AmountIn,
): SourceFactors {
  switch (source.kind) {
    case 'fuel':
      return fuelFactors(source, account, month, library, records, amountIn)
    case 'electricity-purchased':
    case 'electricity-sold':
      return electricityFactors(source, account, month, library, records)
    case 'heat-purchased':
    case 'heat-sold':
      return heatFactors(source, month, library, records)
    case 'process':
    case 'biomass':
    case 'scope3':
      break
  }
  return {
    factors: [activityFactor(library.process(source.factor, month.from), account, source.factor)],
    records: [],
  }
}
