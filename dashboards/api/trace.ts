import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { isIncomplete, totalsOf as totalsOfPostings } from '#accounts/statement.ts'
import { carrierNames } from '#contract/carriers.ts'
import type { Clock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import { dayOf, SLOT_MS, type Period } from '#contract/grid.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantityName, quantityOf } from '#contract/quantities.ts'
import { readOwn, type RouteAccess } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import { planOf, sourceNames, type AccountSources } from '../account-view.ts'
import { registerAsked } from '../energy.ts'
import { dayPostingsOf, settledUntil } from '../day-emissions.ts'
import { metersInto, metersOfScope, nodesOf, totalsOf } from '../enterprise-view.ts'
import { dayText, hasPower, metersOfTotal } from '../overview.ts'
import { originOf, slotRevisions, type CommitSource } from '../slot-trace.ts'
import type { BooksView } from '../sources.ts'
import { dayPeriod } from './park.ts'
import { flow, type LiveMeter } from './shapes.ts'
import { dayPostings, energyParts, meterSlot, powerParts } from './trace-shapes.ts'

export interface TraceSources {
  readonly park: Park
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: BooksView
  readonly clock: Clock
  /** Undefined: batches cannot be named. */
  readonly commits: CommitSource | undefined
  readonly accounts: AccountSources | undefined
  readonly live: (meter: Meter) => LiveMeter
}

/** Longest period of one answer: a year of each meter of a total. */
const DAYS_MAX = 366

/** The way from a figure down to the register: what a total is the sum of, and what a slot rests on. */
export function traceApi(app: FastifyInstance, sources: TraceSources): void {
  const { park, parkOf, books, clock, commits, accounts, live } = sources
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { timeZone } = park.description

  const periodOf = (seen: Park, from: string | undefined, to: string | undefined): Period => {
    const nowMs = clock.wallMs()
    const [first, last] = [dayPeriod(seen, from, nowMs), dayPeriod(seen, to ?? from, nowMs)]
    if (first === undefined || last === undefined || first.fromMs > last.fromMs)
      throw new Fault('request-invalid', '"from" and "to" are days of the calendar, and "from" comes first.')
    if (last.toMs - first.fromMs > (DAYS_MAX + 1) * DAY_MS)
      throw new Fault('request-invalid', `${DAYS_MAX} days at most are summed in one answer.`)
    return { fromMs: first.fromMs, toMs: last.toMs }
  }

  routes.route({
    method: 'GET',
    url: '/api/meters/:id/slots/:slot',
    config: { access: readOwn },
    schema: {
      params: z.object({ id: identifier, slot: z.coerce.number().pipe(epochMs) }),
      querystring: z.object({ quantity: quantityName.optional() }),
      response: { 200: meterSlot },
    },
    handler: async (request) => {
      const seen = parkOf(request)
      const { id, slot: slotMs } = request.params
      const meter = seen.meters.get(id)
      if (meter === undefined) throw new Fault('not-found', `The park has no meter "${id}".`)
      if (slotMs % SLOT_MS !== 0) throw new Fault('request-invalid', 'A slot begins at a quarter of an hour.')
      const quantity = registerAsked(meter, request.query.quantity)
      const revisions = await slotRevisions(commits, seen, books.revisions(id, quantity, slotMs))
      return { meter: id, quantity, unit: quantityOf(quantity).unit, slotMs, revisions }
    },
  })

  /** The park as a whole, an enterprise or a workshop or equipment of it, or by the park's own id what it uses itself. */
  const metersOf = (
    seen: Park,
    { enterprise, node }: { readonly enterprise?: string | undefined; readonly node?: string | undefined },
    { carrier, flow }: z.output<typeof total>,
  ): Meter[] => {
    if (enterprise === undefined) return metersOfTotal(seen, undefined, carrier, flow)
    if (enterprise === seen.description.id) return metersOfScope(seen, undefined, carrier, flow)
    if (!seen.description.enterprises.some(({ id }) => id === enterprise))
      throw new Fault('not-found', `The park has no enterprise "${enterprise}".`)
    if (node === undefined) return metersOfScope(seen, enterprise, carrier, flow)
    const found = nodesOf(seen, enterprise).find(({ id }) => id === node)
    if (found === undefined)
      throw new Fault('not-found', `"${enterprise}" has no workshop or equipment "${node}".`)
    return metersInto(found.meters).filter((meter) => meter.carrier === carrier)
  }
  const total = z.object({ carrier: z.enum(carrierNames), flow })
  routes.get(
    '/api/energy/:carrier/:flow',
    {
      config: { access: readOwn },
      schema: {
        params: total,
        querystring: z.object({
          enterprise: identifier.optional(),
          node: identifier.optional(),
          from: z.iso.date().optional(),
          to: z.iso.date().optional(),
        }),
        response: { 200: energyParts },
      },
    },
    (request) => {
      const seen = parkOf(request)
      const { from, to } = request.query
      const period = periodOf(seen, from, to)
      const when = { period, timeZone, nowMs: clock.wallMs() }
      const meters = metersOf(seen, request.query, request.params)
      return {
        ...request.params,
        from: dayText(period.fromMs, timeZone),
        to: dayText(period.toMs - 1, timeZone),
        totals: totalsOf(books, meters, when),
        meters: meters.flatMap((meter) =>
          totalsOf(books, [meter], when).map((of) => ({ meter: meter.id, total: of })),
        ),
      }
    },
  )

  routes.route({
    method: 'GET',
    url: '/api/power/:flow',
    config: { access: readOwn },
    schema: {
      params: powerParts.pick({ flow: true }),
      querystring: z.object({ enterprise: identifier.optional() }),
      response: { 200: powerParts },
    },
    handler: async (request) => {
      const seen = parkOf(request)
      const { flow } = request.params
      const meters = metersOf(seen, request.query, { carrier: 'electricity', flow }).filter(hasPower)
      const found = meters.map((meter) => ({ meter: meter.id, power: live(meter).power }))
      const fresh = found.flatMap(({ power }) => (power?.fresh === true ? [power.value] : []))
      return {
        flow,
        atMs: clock.wallMs(),
        total: fresh.length === 0 ? null : fresh.reduce((sum, value) => sum + value, 0),
        meters: await Promise.all(
          found.map(async ({ meter, power }) => ({
            meter,
            power,
            ...(power === null
              ? { gateway: seen.meters.get(meter)?.gateway ?? null, batch: null }
              : await originOf(commits, seen, meter, power.atMs)),
          })),
        ),
      }
    },
  })

  /** An enterprise user sees its own account. */
  const ofAccount: RouteAccess = { needs: 'read', within: { account: 'account' } }
  routes.get(
    '/api/v1/accounts/:account/day',
    {
      config: { access: ofAccount },
      schema: {
        params: z.object({ account: identifier }),
        querystring: z.object({ day: z.iso.date().optional() }),
        response: { 200: dayPostings },
      },
    },
    ({ params, query }) => {
      requirePlan(accounts)
      const nowMs = clock.wallMs()
      const { fromMs, toMs } = periodOf(park, query.day, undefined)
      if (fromMs > nowMs) throw new Fault('request-invalid', '"day" has not begun.')
      const today = dayOf(nowMs, timeZone)
      const stretch = { fromMs, toMs: fromMs === today.fromMs ? settledUntil(nowMs, timeZone) : toMs }
      const plan = planOf(accounts, params.account)
      const postings = dayPostingsOf(accounts, park, plan, stretch, nowMs)
      return {
        account: params.account,
        day: dayText(fromMs, timeZone),
        ...stretch,
        tCo2: totalsOfPostings(postings, []).total ?? null,
        incomplete: postings.some(isIncomplete),
        sourceNames: sourceNames(plan),
        postings: [...postings],
      }
    },
  )
}
