import type { z } from 'zod'
import type { accountingRecord } from '#contract/accounting-record.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import type { AccountingPlan } from '../accounting-plan.ts'
import { decimal } from '../decimal.ts'
import type { FactorLibrary } from '../factor-library.ts'
import { productionOf } from '#accounts/performance/production.ts'
import { allocate, type AllocatedProduct } from './allocation.ts'
import type { ProductFacts } from './communication.ts'
import type { FootprintFactor } from './dataset.ts'
import { productFootprint, type ProductFootprint } from './footprint.ts'
import { processFlows } from './process-flows.ts'

/** What a product's report is made from. */
export interface ProductSources {
  readonly park: Park
  readonly plan: AccountingPlan
  readonly library: FactorLibrary
  readonly books: Pick<Books, 'daySums' | 'monthSums'>
  readonly records: readonly z.output<typeof accountingRecord>[]
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

const startOf = (day: string, timeZone: string): number =>
  Temporal.PlainDate.from(day).toZonedDateTime(timeZone).epochMilliseconds

function footprintFactor(library: FactorLibrary, year: number): FootprintFactor | undefined {
  try {
    const { value, ...factor } = library.electricity({ region: 'china', series: 'footprint', year }).factor
    return { ...factor, value: decimal(value) }
  } catch (error) {
    if (error instanceof Fault && error.code === 'factor-missing') return undefined
    throw error
  }
}

/** The gate-to-gate footprint of a product. Throws `not-found` for an account or product that the plan does not have. */
export function productReport(sources: ProductSources, wish: ProductWish): ProductReport {
  const { park, plan, library, books, records, nowMs } = sources
  const account = plan.accounts.find((each) => each.account === wish.account)
  const product = account?.products.find(({ id }) => id === wish.product)
  if (account === undefined || product === undefined)
    throw new Fault('not-found', `The accounting plan has no product ${wish.product} of ${wish.account}.`)
  const { timeZone, enterprises } = park.description
  const days = { from: wish.from, to: wish.to }
  const period = { fromMs: startOf(wish.from, timeZone), toMs: startOf(wish.to, timeZone) }
  const year = Number(wish.from.slice(0, 4))
  const made = account.products.map((each): AllocatedProduct & { processes: readonly string[] } => ({
    id: each.id,
    unit: each.unit,
    processes: each.processes,
    given: each.share,
    output: productionOf(records, account.account, each.id, each.unit, days).total,
  }))
  const allocations = product.processes.map((process) => ({
    process,
    allocation: allocate(
      product.id,
      made.filter(({ processes }) => processes.includes(process)),
    ),
  }))
  const flowSources = { park, account, library, books, period, year, nowMs }
  const flows = allocations.flatMap(({ process, allocation }) =>
    processFlows(flowSources, process, allocation.by === 'not-available' ? undefined : allocation.share),
  )
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
      productionOf(records, account.account, product.id, product.unit, days),
    ),
    electricity: footprintFactor(library, year),
  }
}
