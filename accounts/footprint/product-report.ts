import { Fault } from '#contract/fault.ts'
import { startOfDay } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { AccountingPlan } from '../accounting-plan.ts'
import { decimal, type Decimal } from '../decimal.ts'
import type { EnergyItems } from '../energy-item.ts'
import type { FactorLibrary } from '../factor-library.ts'
import type { LiveRecord } from '../recorded-activity.ts'
import { measuredEnergy } from '../measured-energy.ts'
import { outputOf } from '#accounts/performance/product-output.ts'
import type { PeriodTotal } from '#accounts/performance/specific.ts'
import { allocate, type AllocatedProduct } from './allocation.ts'
import type { ProductFacts } from './communication.ts'
import type { FootprintFactor } from './dataset.ts'
import { productFootprint, type Precursor, type ProductFootprint } from './footprint.ts'
import { processFlows } from './process-flows.ts'
import { recordedFlows } from './recorded-flows.ts'
import { uncoveredKinds } from './uncovered.ts'

/** What a product's report is made from. */
export interface ProductSources {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly library: FactorLibrary
  readonly items: EnergyItems
  readonly books: Pick<Books, 'sumsOver'>
  /** Those that count, of the account: production, and what its sources are recorded by. */
  readonly records: readonly LiveRecord[]
  readonly nowMs: number
}

/** Which product, and which days: first day, and first day no more. */
export interface ProductWish {
  readonly account: string
  readonly product: string
  readonly from: string
  readonly to: string
}

export interface ProductReport {
  readonly facts: ProductFacts
  readonly footprint: ProductFootprint
  /** The national footprint factor of electricity of the newest year up to the period; undefined: none is known. */
  readonly electricity: FootprintFactor | undefined
}

function footprintFactor(library: FactorLibrary, year: number): FootprintFactor | undefined {
  try {
    const { value, ...factor } = library.electricity({ region: 'china', series: 'footprint', year }).factor
    return { ...factor, value: decimal(value) }
  } catch (error) {
    if (error instanceof Fault && error.code === 'factor-missing') return undefined
    throw error
  }
}

type Product = AccountingPlan['accounts'][number]['products'][number]

/** Bought goods in what was made. A good with a CN code of which the plan says nothing may have some. */
function precursorsOf(
  { precursors, cnCode }: Product,
  made: Decimal | undefined,
): readonly Precursor[] | 'not-stated' {
  if (precursors === undefined) return cnCode === undefined ? [] : 'not-stated'
  if (made === undefined) return []
  return precursors.map(({ name, tonnesPerUnit, direct, indirect, document, confidence }) => ({
    name: name.en,
    tonnes: decimal(tonnesPerUnit).times(made),
    directPerTonne: decimal(direct),
    indirectPerTonne: decimal(indirect),
    document,
    confidence,
  }))
}

/** The gate-to-gate footprint of a product. Throws `not-found` for an account or product that the plan does not have. */
export function productReport(sources: ProductSources, wish: ProductWish): ProductReport {
  const { park, plan, library, items, books, nowMs } = sources
  const records = sources.records.map(({ record }) => record)
  const account = plan.accounts.find((each) => each.account === wish.account)
  const product = account?.products.find(({ id }) => id === wish.product)
  if (account === undefined || product === undefined)
    throw new Fault('not-found', `The accounting plan has no product ${wish.product} of ${wish.account}.`)
  const { timeZone, enterprises } = park.description
  const days = { from: wish.from, to: wish.to }
  const period = { fromMs: startOfDay(wish.from, timeZone), toMs: startOfDay(wish.to, timeZone) }
  const year = Number(wish.from.slice(0, 4))
  const outputIn = ({ id, unit }: Product): PeriodTotal =>
    outputOf(
      { park, plan, measuredIn: (meter, of) => measuredEnergy(books, meter, of, nowMs) },
      records,
      { account: account.account, product: id, unit },
      { ...days, ...period },
    )
  /** What a meter counted of a part of the period shares out nothing. */
  const sharing = (each: Product): Decimal | undefined => {
    const { total, complete } = outputIn(each)
    return each.meter === undefined || complete ? total : undefined
  }
  const made = account.products.map((each): AllocatedProduct & { processes: readonly string[] } => ({
    id: each.id,
    unit: each.unit,
    processes: each.processes,
    given: each.share,
    output: sharing(each),
  }))
  const allocations = product.processes.map((process) => ({
    process,
    allocation: allocate(
      product.id,
      made.filter(({ processes }) => processes.includes(process)),
    ),
  }))
  const flowSources = {
    park,
    account,
    library,
    items,
    books,
    period,
    year,
    nowMs,
    ...days,
    records: sources.records,
  }
  const flows = allocations.flatMap(({ process, allocation }) => {
    const share = allocation.by === 'not-available' ? undefined : allocation.share
    return [...processFlows(flowSources, process, share), ...recordedFlows(flowSources, process, share)]
  })
  const output = outputIn(product)
  const enterprise = enterprises.find(({ id }) => id === account.account)
  return {
    facts: {
      account: { id: account.account, name: enterprise?.name ?? park.description.name },
      product,
      from: wish.from,
      to: wish.to,
      allocations,
    },
    footprint: productFootprint(
      flows,
      output,
      precursorsOf(product, output.total),
      uncoveredKinds(park, account, product.processes),
    ),
    electricity: footprintFactor(library, year),
  }
}
