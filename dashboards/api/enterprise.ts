import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ElectricitySources } from '#accounts/account-electricity.ts'
import { decimal, textOf } from '#accounts/decimal.ts'
import { hourProfile } from '#accounts/load/load-figures.ts'
import { slotEnergies, type SlotEnergy } from '#accounts/load/slot-energy.ts'
import { measuredEnergy } from '#accounts/measured-energy.ts'
import { meterOfProduct, outputOf, type OutputDays } from '#accounts/performance/product-output.ts'
import { carrierNames, type Carrier } from '#contract/carriers.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import { identifier, type LocalName } from '#contract/identity.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import type { EnteredRecord } from '#store/port.ts'
import type { Board } from '../board.ts'
import { carriersOf, metersInto, metersOfScope, nodesOf, totalsOf, type Scope } from '../enterprise-view.ts'
import { dayText, valueOf } from '../overview.ts'
import { productionOf, type CountedProduct } from '../production.ts'
import type { BooksView } from '../sources.ts'
import {
  enterpriseLoad,
  enterpriseMonth,
  enterpriseProfile,
  type EnterpriseMonth,
} from './enterprise-shapes.ts'
import { dayPeriod } from './park.ts'
import { accountMonthQuery, monthNamed } from './tariff.ts'

const SLOTS_PER_HOUR = decimal('4')
const flows = ['in', 'out', 'produced'] as const

export interface EnterpriseSources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: BooksView
  readonly board: Board
  readonly clock: Clock
  readonly electricity: Pick<ElectricitySources, 'plan' | 'tariffs'> | undefined
}

/** What is known of a scope's plan: whether load figures and a bill can be asked for. */
function planOf(electricity: EnterpriseSources['electricity'], id: string): EnterpriseMonth['plan'] {
  const account = electricity?.plan.accounts.find((each) => each.account === id)
  const load =
    account?.sources.some(
      (source) => source.kind === 'electricity-purchased' && source.measured.length > 0,
    ) ?? false
  const tariff = account?.tariff === undefined ? undefined : electricity?.tariffs.get(account.tariff)
  return { load, cost: load && tariff !== undefined, demandContractKw: account?.demandContractKw ?? null }
}

/** The newest power factor of each meter that reads one. */
function powerFactorsOf(board: Board, meters: readonly Meter[]): EnterpriseMonth['powerFactors'] {
  return meters.flatMap(({ id, name }) => {
    const reading = board.readings(id).find(({ quantity }) => quantity === 'powerFactor.total')
    if (reading === undefined) return []
    const value = reading.quality === 'bad' ? null : valueOf(reading).value
    return { meter: id, name, value, quality: reading.quality, atMs: reading.atMs }
  })
}

/** /api/enterprises/:enterprise: load of a day, profile of a month, and what a month adds up to. */
export function enterpriseApi(app: FastifyInstance, sources: EnterpriseSources): void {
  const { parkOf, books, board, clock, electricity } = sources
  const api = app.withTypeProvider<ZodTypeProvider>()
  const access: RouteAccess = { needs: 'read', within: { account: 'enterprise' } }
  const config = { access }
  const params = z.object({ enterprise: identifier })
  const carrier = z.enum(carrierNames).default('electricity')

  const scopeOf = (park: Park, id: string): { readonly scope: Scope; readonly name: LocalName } => {
    if (id === park.description.id) return { scope: undefined, name: park.description.name }
    const enterprise = park.description.enterprises.find((each) => each.id === id)
    if (enterprise === undefined) throw new Fault('not-found', `The park has no enterprise "${id}".`)
    return { scope: id, name: enterprise.name }
  }
  const slotsOf = (park: Park, meters: readonly Meter[], period: Period): SlotEnergy[] =>
    slotEnergies(
      books,
      park,
      meters.map(({ id }) => ({ meter: id, share: '1' })),
      period,
      clock.wallMs(),
    )
  /** Meters of one unit: what has another one is not added. */
  const metersOf = (park: Park, scope: Scope, wanted: Carrier): Meter[] => {
    const meters = metersOfScope(park, scope, wanted)
    const [first] = meters
    const unit = first === undefined ? undefined : quantityOf(first.register).unit
    return meters.filter(({ register }) => quantityOf(register).unit === unit)
  }
  /** The products of an account that a meter counts in these days. */
  const countedIn = (
    park: Park,
    account: string,
    entered: readonly EnteredRecord[],
    days: OutputDays,
  ): CountedProduct[] => {
    if (electricity === undefined) return []
    const { plan } = electricity
    const nowMs = clock.wallMs()
    const ground = {
      park,
      plan,
      measuredIn: (meter: Meter, of: Period) => measuredEnergy(books, meter, of, nowMs),
    }
    const records = entered.flatMap(({ replacedBy, record }) => (replacedBy === undefined ? [record] : []))
    const products = plan.accounts.find((each) => each.account === account)?.products ?? []
    return products.flatMap(({ id, unit }) => {
      const meter = meterOfProduct(ground, account, id)
      if (meter === undefined || meter.installedMs >= days.toMs || days.fromMs > nowMs) return []
      return {
        product: id,
        meter: meter.id,
        output: outputOf(ground, records, { account, product: id, unit }, days),
      }
    })
  }
  const unitOf = ([first]: readonly Meter[]): EnterpriseMonth['carriers'][number]['unit'] =>
    first === undefined ? 'kWh' : quantityOf(first.register).unit

  api.get(
    '/api/enterprises/:enterprise/load',
    {
      config,
      schema: {
        params,
        querystring: z.object({ day: z.iso.date().optional(), carrier }),
        response: { 200: enterpriseLoad },
      },
    },
    (request) => {
      const park = parkOf(request)
      const { enterprise } = request.params
      const { scope } = scopeOf(park, enterprise)
      const period = dayPeriod(park, request.query.day, clock.wallMs())
      if (period === undefined) throw new Fault('request-invalid', '"day" is not a day of the calendar.')
      const meters = metersOf(park, scope, request.query.carrier)
      return {
        enterprise,
        carrier: request.query.carrier,
        day: dayText(period.fromMs, park.description.timeZone),
        ...period,
        unit: unitOf(meters),
        meters: meters.map(({ id }) => id),
        slots: slotsOf(park, meters, period).map(({ slotMs, energy, whole }) => ({
          slotMs,
          perHour: energy === undefined ? null : textOf(energy.times(SLOTS_PER_HOUR)),
          whole,
        })),
      }
    },
  )

  api.get(
    '/api/enterprises/:enterprise/profile',
    {
      config,
      schema: {
        params,
        querystring: accountMonthQuery.extend({ carrier }),
        response: { 200: enterpriseProfile },
      },
    },
    (request) => {
      const park = parkOf(request)
      const { enterprise } = request.params
      const { month, carrier } = request.query
      const meters = metersOf(park, scopeOf(park, enterprise).scope, carrier)
      const { timeZone } = park.description
      const slots = slotsOf(park, meters, monthNamed(month, timeZone))
      return {
        enterprise,
        carrier,
        month,
        unit: unitOf(meters),
        days: hourProfile(slots, timeZone).map(({ date, weekday, hours }) => ({
          date,
          weekday,
          hours: hours.map((hour) => (hour === null ? null : textOf(hour))),
        })),
      }
    },
  )

  api.get(
    '/api/enterprises/:enterprise/month',
    { config, schema: { params, querystring: accountMonthQuery, response: { 200: enterpriseMonth } } },
    (request) => {
      const park = parkOf(request)
      const { enterprise } = request.params
      const { month } = request.query
      const { scope, name } = scopeOf(park, enterprise)
      const { timeZone } = park.description
      const period = monthNamed(month, timeZone)
      const over = { period, timeZone, nowMs: clock.wallMs() }
      const carriers = carriersOf([...park.meters.values()]).flatMap((carrier) =>
        flows.flatMap((flow) => {
          const meters = metersOfScope(park, scope, carrier, flow)
          return totalsOf(books, meters, over).map((total) => ({
            ...total,
            carrier,
            flow,
            meters: meters
              .filter(({ register }) => quantityOf(register).unit === total.unit)
              .map(({ id }) => id),
          }))
        }),
      )
      const nodes = scope === undefined ? [] : nodesOf(park, scope)
      const days = {
        from: dayText(period.fromMs, timeZone),
        to: dayText(period.toMs, timeZone),
      }
      const entered = books.records({ account: enterprise, kinds: ['production'], ...days })
      return {
        enterprise,
        name,
        month,
        ...period,
        carriers,
        nodes: nodes.map(({ id, parent, name, meters }) => ({
          id,
          parent: parent ?? null,
          name,
          energies: carriersOf(meters).flatMap((carrier) => {
            const into = metersInto(meters.filter((meter) => meter.carrier === carrier))
            return totalsOf(books, into, over).map((total) => ({ ...total, carrier }))
          }),
        })),
        powerFactors: powerFactorsOf(board, metersOfScope(park, scope, 'electricity')),
        ...productionOf(
          entered,
          days,
          carriers,
          countedIn(park, enterprise, entered, { ...period, ...days }),
        ),
        plan: planOf(electricity, enterprise),
      }
    },
  )
}
