import type { Park } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { AccountingPlan, AccountPlan, EmissionSource, MeasuredTerm } from './accounting-plan.ts'
import type { EnergyItems } from './energy-item.ts'
import type { FactorFiles } from './factor.ts'
import { perRegisterUnit } from './performance/product-output.ts'
import { registerUnitFactor } from './record-unit.ts'
import { meterContradiction } from './source-meters.ts'

/** A contradiction in an accounting plan: where in it, and what. */
export interface PlanFinding {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** Why the meter of a product cannot count it; undefined where it can, or the product has none. */
function productMeterContradiction(
  { id, meter, unit }: AccountPlan['products'][number],
  { account, products }: AccountPlan,
  park: Park,
): string | undefined {
  if (meter === undefined) return undefined
  const found = park.meters.get(meter)
  if (found === undefined) return `there is no meter ${meter} in the park file`
  if (found.carrier !== 'product') return `${meter} measures ${found.carrier}, and counts no product`
  if ((found.enterprise ?? park.description.id) !== account) return `${meter} is no meter of ${account}`
  if (products.some((each) => each.meter === meter && each.id !== id))
    return `${meter} counts another product`
  return perRegisterUnit(found, unit) === undefined
    ? `${meter} counts in ${quantityOf(found.register).unit}, and ${id} is in ${unit}`
    : undefined
}

/** What the plan's schema cannot see: accounts, meters, items, sets and regions that are not there, or stand twice. */
export function planContradictions(
  plan: AccountingPlan,
  park: Park,
  items: EnergyItems,
  factors: FactorFiles,
): PlanFinding[] {
  const findings: PlanFinding[] = []
  const at = (path: readonly (string | number)[], message: string): number => findings.push({ path, message })
  const known = new Set([park.description.id, ...park.description.enterprises.map(({ id }) => id)])
  const seen = new Set<string>()

  const checkTerms = (terms: readonly MeasuredTerm[], path: readonly (string | number)[]): void => {
    for (const [index, { meter, quantity }] of terms.entries()) {
      if (!park.meters.has(meter))
        at([...path, index, 'meter'], `there is no meter ${meter} in the park file`)
      if (quantity !== undefined && quantityOf(quantity).kind !== 'cumulative')
        at([...path, index, 'quantity'], `${quantity} is no register that energy can be computed of`)
    }
  }

  /** Terms of energy: what counts products has no part in them. */
  const checkEnergy = (terms: readonly MeasuredTerm[], path: readonly (string | number)[]): void => {
    checkTerms(terms, path)
    for (const [index, { meter, quantity = park.meters.get(meter)?.register }] of terms.entries()) {
      if (quantity !== undefined && quantityOf(quantity).carrier === 'product')
        at([...path, index, 'meter'], `${meter} counts what is made, and measures no energy`)
    }
  }

  /** Why a register is not in a unit that the factors of a source are by. */
  const unitContradiction = (
    source: EmissionSource,
    quantity: QuantityName,
    account: AccountPlan,
  ): string | undefined => {
    const { unit } = quantityOf(quantity)
    const set = source.kind === 'fuel' ? (source.fuelSet ?? account.fuelSet) : undefined
    const per =
      source.kind === 'fuel'
        ? factors.fuels.rows.find((row) => row.set === set && row.fuel === source.fuel)?.per
        : 'factor' in source
          ? (
              factors.process.rows.find(({ code }) => code === source.factor) ??
              account.ownFactors.find(({ code }) => code === source.factor)
            )?.per
          : source.kind.startsWith('electricity')
            ? 'kWh'
            : 'steam' in source && source.steam !== undefined && unit === 't'
              ? 't'
              : 'GJ'
    return per === undefined || registerUnitFactor(unit, per) !== undefined
      ? undefined
      : `is in ${unit}, and ${source.id} is counted in ${per}`
  }

  if (plan.park !== park.description.id) at(['park'], `the park file is of ${park.description.id}`)
  if (factors.standardCoal.editions[plan.standardCoal.edition] === undefined)
    at(['standardCoal', 'edition'], `edition ${plan.standardCoal.edition} is not described`)
  for (const item of Object.keys(plan.standardCoal.subjects)) {
    if (items[item] === undefined) at(['standardCoal', 'subjects', item], `there is no energy item ${item}`)
  }
  for (const kind of ['electricityEqual', 'heatEqual'] as const) {
    const years = plan.standardCoal[kind].map(({ year }) => year)
    for (const [index, year] of years.entries()) {
      if (years.indexOf(year) < index) at(['standardCoal', kind, index, 'year'], `a second value of ${year}`)
    }
  }
  const { mediaEdition, mediaEqual } = plan.standardCoal
  if (mediaEdition !== undefined && factors.standardCoal.editions[mediaEdition] === undefined)
    at(['standardCoal', 'mediaEdition'], `edition ${mediaEdition} is not described`)
  const notMedium = (item: string): string | undefined =>
    items[item]?.media === true ? undefined : `there is no energy medium ${item}`
  for (const [index, { item, year }] of mediaEqual.entries()) {
    const why = notMedium(item)
    if (why !== undefined) at(['standardCoal', 'mediaEqual', index, 'item'], why)
    if (mediaEqual.findIndex((each) => each.item === item && each.year === year) < index)
      at(['standardCoal', 'mediaEqual', index, 'year'], `a second value of ${item} in ${year}`)
  }
  for (const [index, { item, meters }] of plan.media.entries()) {
    const why = notMedium(item)
    if (why !== undefined) at(['media', index, 'item'], why)
    for (const [place, id] of meters.entries()) {
      const meter = park.meters.get(id)
      if (meter === undefined)
        at(['media', index, 'meters', place], `there is no meter ${id} in the park file`)
      else if (why === undefined && items[item]?.carriersNamed.includes(meter.carrier) !== true)
        at(['media', index, 'meters', place], `${id} measures ${meter.carrier}, which ${item} is not of`)
    }
  }
  for (const [index, { meters }] of plan.steam.entries()) {
    for (const [place, meter] of meters.entries()) {
      if (park.meters.get(meter)?.carrier !== 'steam')
        at(['steam', index, 'meters', place], `there is no steam meter ${meter} in the park file`)
    }
  }
  for (const [index, account] of plan.accounts.entries()) {
    const path = ['accounts', index]
    if (!known.has(account.account)) at([...path, 'account'], `there is no enterprise ${account.account}`)
    if (seen.has(account.account)) at([...path, 'account'], `a second account of ${account.account}`)
    seen.add(account.account)
    if (factors.fuels.sets[account.fuelSet] === undefined)
      at([...path, 'fuelSet'], `set ${account.fuelSet} is not described`)
    if (factors.electricity.regions[account.electricityRegion] === undefined)
      at([...path, 'electricityRegion'], `region ${account.electricityRegion} is not described`)
    if (factors.electricity.regions[account.residualRegion] === undefined)
      at([...path, 'residualRegion'], `region ${account.residualRegion} is not described`)
    const enterprise = park.description.enterprises.find(({ id }) => id === account.account)
    const processes = new Set(enterprise?.processes.map(({ id }) => id))
    const sources = new Set<string>()
    for (const [place, source] of account.sources.entries()) {
      const sourcePath = [...path, 'sources', place]
      if (sources.has(source.id)) at([...sourcePath, 'id'], `a second source ${source.id}`)
      sources.add(source.id)
      if (source.item !== undefined && items[source.item] === undefined)
        at([...sourcePath, 'item'], `there is no energy item ${source.item}`)
      if (source.measured.length === 0 && !source.records)
        at(sourcePath, `${source.id} has neither meters nor records`)
      checkTerms(source.measured, [...sourcePath, 'measured'])
      for (const [index, term] of source.measured.entries()) {
        const meter = park.meters.get(term.meter)
        const quantity = term.quantity ?? meter?.register
        if (quantity === undefined) continue
        const why =
          meterContradiction(source, quantity, items) ?? unitContradiction(source, quantity, account)
        if (why !== undefined) at([...sourcePath, 'measured', index], `${term.meter}: ${why}`)
      }
      for (const [which, receiver] of ('receivers' in source ? (source.receivers ?? []) : []).entries()) {
        if (!known.has(receiver) || receiver === account.account)
          at([...sourcePath, 'receivers', which], `${receiver} is no other account of the park`)
      }
      if (source.process !== undefined && !processes.has(source.process))
        at([...sourcePath, 'process'], `${account.account} has no process ${source.process}`)
      if (source.kind === 'fuel') {
        const set = source.fuelSet ?? account.fuelSet
        if (!factors.fuels.rows.some((row) => row.set === set && row.fuel === source.fuel))
          at([...sourcePath, 'fuel'], `set ${set} has no fuel ${source.fuel}`)
      }
      if (source.kind === 'process' || source.kind === 'biomass' || source.kind === 'scope3') {
        const row = factors.process.rows.find(({ code }) => code === source.factor)
        if (row === undefined && !account.ownFactors.some(({ code }) => code === source.factor))
          at([...sourcePath, 'factor'], `there is no factor ${source.factor}`)
        if (row !== undefined && row.kind !== source.kind)
          at([...sourcePath, 'factor'], `${source.factor} is a factor of kind ${row.kind}`)
      }
    }
    for (const [place, product] of account.products.entries()) {
      const why = productMeterContradiction(product, account, park)
      if (why !== undefined) at([...path, 'products', place, 'meter'], why)
    }
    for (const [place, conversion] of account.conversions.entries()) {
      checkEnergy(conversion.inputs, [...path, 'conversions', place, 'inputs'])
      checkEnergy(conversion.outputs, [...path, 'conversions', place, 'outputs'])
    }
    for (const [place, process] of account.nonProduction.entries()) {
      if (!processes.has(process))
        at([...path, 'nonProduction', place], `${account.account} has no process ${process}`)
    }
    for (const [place, { terms }] of account.assigned.entries()) {
      checkEnergy(terms, [...path, 'assigned', place, 'terms'])
    }
  }
  return findings
}
