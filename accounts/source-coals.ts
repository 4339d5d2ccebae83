import type { Meter, Park } from '#contract/park.ts'
import type { AccountingPlan, EmissionSource } from './accounting-plan.ts'
import { accountOf } from './balance-flows.ts'
import type { ItemCoal, ItemCoals } from './balance-parts.ts'
import { countable, withinPiece } from './balance-records.ts'
import { fuelSourcesOf, type CoalCoefficient } from './coal-coefficient.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import { bases, type Basis } from './factor.ts'
import type { MeasuredPieces } from './measured-energy.ts'
import { meterItems } from './meter-items.ts'
import type { NumberedRecord } from './numbered-record.ts'
import type { ReportPeriod } from './report-period.ts'

/**
 * Coefficients of an item that several sources of an account burn under heating values of their own: a meter of one source
 * has that source's; a meter before all of them has their mean by what each burnt.
 */
export interface SourceCoals {
  readonly coalOf: ItemCoals
  /** The one source whose fuel a meter measures; undefined where it measures that of several, or of none. */
  readonly sourceOf: (meter: Meter, item: string) => string | undefined
}

interface Surroundings {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly items: EnergyItems
  readonly records: readonly NumberedRecord[]
  readonly pieces: readonly ReportPeriod[]
  readonly measured: MeasuredPieces
  readonly coalOf: ItemCoals
}

const ZERO = decimal('0')

export function bySources(given: Surroundings): SourceCoals {
  const { pieces, coalOf } = given
  const means = new Map<string, ItemCoal>()
  return {
    sourceOf: sourcesOfMeters(given),
    coalOf: (account, item, day, source) => {
      const coal = coalOf(account, item, day, source)
      if (source !== undefined || !Object.values(coal.perUnit).includes('differs-by-source')) return coal
      const piece = pieces.findIndex(({ from, to }) => from <= day && day < to)
      const key = `${account} ${item} ${day} ${piece}`
      const mean = means.get(key) ?? meanOfSources(given, { account, item, day, piece }) ?? coal
      means.set(key, mean)
      return mean
    },
  }
}

/** Which source a meter measures: the nearest one at it or above it, if nobody else draws on what is behind it. */
function sourcesOfMeters({ park, plan }: Surroundings): SourceCoals['sourceOf'] {
  const at = new Map<string, { readonly id: string; readonly item: string; readonly account: string }[]>()
  for (const { account, sources } of plan.accounts) {
    for (const source of sources) {
      if (source.kind !== 'fuel' || source.item === undefined) continue
      for (const { meter, share } of source.measured) {
        if (share.startsWith('-')) continue
        at.set(meter, [...(at.get(meter) ?? []), { id: source.id, item: source.item, account }])
      }
    }
  }
  /** Meters from this one up, within its account. */
  function* upwards(meter: Meter): Generator<Meter> {
    const seen = new Set<string>()
    for (let here: Meter | undefined = meter; here !== undefined && !seen.has(here.id);) {
      seen.add(here.id)
      yield here
      const above: Meter | undefined =
        here.upstream === undefined ? undefined : park.meters.get(here.upstream)
      here = above !== undefined && accountOf(park, above) === accountOf(park, meter) ? above : undefined
    }
  }
  /** Sources whose meters stand behind each meter. */
  const behind = new Map<string, Set<string>>()
  for (const id of at.keys()) {
    const meter = park.meters.get(id)
    if (meter === undefined) continue
    for (const { id: above } of upwards(meter)) {
      const found = behind.get(above) ?? new Set()
      for (const { id: source } of at.get(id) ?? []) found.add(source)
      behind.set(above, found)
    }
  }
  return (meter, item) => {
    if ((behind.get(meter.id)?.size ?? 0) > 1) return undefined
    for (const { id } of upwards(meter)) {
      const its = (at.get(id) ?? []).filter(
        (each) => each.item === item && each.account === accountOf(park, meter),
      )
      const [only, another] = its
      if (only !== undefined) return another === undefined ? only.id : undefined
    }
    return undefined
  }
}

/** The mean of the coefficients of an item's sources by what each burnt in a piece; undefined where that is not known. */
function meanOfSources(
  given: Surroundings,
  of: { readonly account: string; readonly item: string; readonly day: string; readonly piece: number },
): ItemCoal | undefined {
  const { plan, coalOf } = given
  const { account, item, day } = of
  const its = plan.accounts.find((each) => each.account === account)
  const parts: { readonly burnt: Decimal; readonly coal: ItemCoal }[] = []
  for (const id of fuelSourcesOf(plan, account, item)) {
    const source = its?.sources.find((each) => each.id === id)
    const burnt = source === undefined ? undefined : burntBy(given, source, of)
    if (burnt === undefined || burnt.lt(0)) return undefined
    parts.push({ burnt, coal: coalOf(account, item, day, id) })
  }
  const whole = parts.reduce((sum, { burnt }) => sum.plus(burnt), ZERO)
  if (whole.eq(0)) return undefined
  const perUnit: Partial<Record<Basis, Decimal>> = {}
  const means: CoalCoefficient[] = []
  for (const basis of bases) {
    let sum = ZERO
    for (const { burnt, coal } of parts) {
      const each = coal.perUnit[basis]
      if (typeof each === 'string') return undefined
      sum = sum.plus(each.times(burnt))
    }
    const mean = quotient(sum, whole)
    perUnit[basis] = mean
    means.push({
      code: `sources/${account}/${item}/${day}`,
      basis,
      edition: 'own',
      unit: given.items[item]?.unit === 't' ? 'kgce/kg' : 'kgce/m³',
      // tce a tonne is kgce a kilogram; tce a cubic metre is a thousand kgce.
      value: textOf(given.items[item]?.unit === 't' ? mean : mean.times(decimal('1000'))),
      rule: 'mean-of-sources',
      confidence: 'own',
      document: 'mean of the coefficients of its sources, by what each burnt in the period',
    })
  }
  const { calorific, equal } = perUnit
  if (calorific === undefined || equal === undefined) return undefined
  return {
    perUnit: { calorific, equal },
    coefficients: [...parts.flatMap(({ coal }) => coal.coefficients), ...means],
  }
}

/** What a source burnt in a piece by its meters and by the records that name it, in the unit of its item. */
function burntBy(
  { park, plan, items, records, pieces, measured }: Surroundings,
  source: EmissionSource,
  {
    account,
    item,
    piece: index,
  }: { readonly account: string; readonly item: string; readonly piece: number },
): Decimal | undefined {
  const [piece, described] = [pieces[index], items[item]]
  if (piece === undefined || described === undefined) return undefined
  const itemOf = meterItems(park, plan, items)
  let burnt: Decimal | undefined
  for (const { meter: id, quantity, share } of source.measured) {
    const meter = park.meters.get(id)
    const found = meter === undefined ? 'no-item' : itemOf(meter, quantity ?? meter.register)
    if (meter === undefined || typeof found === 'string') return undefined
    const energy = measured(meter, quantity ?? meter.register)[index]
    if (energy === undefined || energy.expected === 0) continue
    if (energy.energy === undefined) return undefined
    burnt = (burnt ?? ZERO).plus(energy.energy.times(found.perUnit).times(decimal(share)))
  }
  for (const { record } of records) {
    if (record.kind !== 'energy-used' || record.account !== account || record.source !== source.id) continue
    const whole = countable(record, described)
    if (whole === undefined) return undefined
    const amount = withinPiece(whole, record, piece)
    if (amount !== undefined) burnt = (burnt ?? ZERO).plus(amount)
  }
  return burnt
}
