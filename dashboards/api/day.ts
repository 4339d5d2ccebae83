import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { textOf } from '#accounts/decimal.ts'
import { eachInSteps, type Steps } from '#accounts/steps.ts'
import type { Clock } from '#contract/clock.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Meter, Park } from '#contract/park.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import type { AccountSources } from '../account-view.ts'
import { dayStretches, emissionsOf } from '../day-emissions.ts'
import { energyFlow, type EnergyFlow, type FlowGround } from '../energy-flow.ts'
import { flowGroundSteps } from '../flow-ground.ts'
import { hourAhead } from '../power-flow.ts'
import { inSteps } from '../in-steps.ts'
import { dayText } from '../overview.ts'
import { dayView, flowNow, type DayView, type FlowNow, type FlowView } from './day-shapes.ts'
import type { LiveMeter } from './shapes.ts'
import { groundOf, type ReportSources } from '../report-ground.ts'

export interface DaySources {
  readonly park: Park
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly clock: Clock
  readonly accounts: AccountSources | undefined
  readonly reports: ReportSources | undefined
  readonly live: (meter: Meter) => LiveMeter
}

/** How long a day's figures are answered again before the books are asked: slots end every quarter of an hour. */
const KEEP_MS = 30_000
/** Accounts of a step, for some milliseconds. */
const ACCOUNTS_AT_ONCE = 5

/** How long the flow of this moment is answered again: screens ask every few seconds. */
const KEEP_NOW_MS = 3_000

/** What is made of the day once, for all who look. */
interface Day {
  readonly view: Omit<DayView, 'flow'>
  readonly flow: FlowGround
  /** The last slot that counts as final tells whether anything is missing; the one under way is never whole. */
  readonly incomplete: boolean
}

function* daySteps(park: Park, accounts: AccountSources, reports: ReportSources, nowMs: number): Steps<Day> {
  const { timeZone } = park.description
  const date = dayText(nowMs, timeZone)
  const flow = yield* flowGroundSteps(groundOf(reports, park, nowMs), date)
  const nameOfItem = (item: string): LocalName => flow.items[item]?.name ?? { zh: item, en: item }
  const ofAccounts = flow.lines.filter(({ level }) => level === 'account')
  const stretches: DayView['stretches'] = []
  for (const { which, fromMs, toMs } of dayStretches(nowMs, timeZone)) {
    const ofStretch = yield* eachInSteps(accounts.plan.accounts, ACCOUNTS_AT_ONCE, (account) => {
      const found = emissionsOf(accounts, park, account, { fromMs, toMs }, nowMs)
      return { ...found, tCo2: found.tCo2 ?? null }
    })
    stretches.push({ which, fromMs, toMs, accounts: ofStretch })
  }
  return {
    view: {
      date,
      stretches,
      energy: [...Map.groupBy(ofAccounts, ({ path }) => path[0] ?? '')].map(([account, own]) => ({
        account,
        name: own[0]?.name ?? { zh: account, en: account },
        items: own.map(({ item, tce }) => ({
          item,
          name: nameOfItem(item),
          tce: tce === undefined ? null : Number(textOf(tce)),
        })),
      })),
    },
    flow,
    incomplete: stretches.some(
      ({ which, accounts: all }) => which === 'today' && all.some(({ incomplete }) => incomplete),
    ),
  }
}

/** The accounts that a viewer sees; undefined: all of them. */
const accountsOf = (seen: Park, whole: Park): ReadonlySet<string> | undefined =>
  seen === whole ? undefined : new Set(seen.description.enterprises.map(({ id }) => id))

function flowView({ nodes, links, incomplete }: EnergyFlow, { items }: FlowGround): FlowView {
  return {
    nodes: nodes.map(({ item, ...node }) => ({
      ...node,
      carrier: item === undefined ? null : (items[item]?.carriers[0] ?? null),
    })),
    links: [...links],
    incomplete,
  }
}

/** The day as an enterprise user may see it, or all of it. */
function seenBy(own: ReadonlySet<string> | undefined, { view, flow, incomplete }: Day): DayView {
  const isOwn = ({ account }: { readonly account: string }): boolean => own?.has(account) ?? true
  const drawn = flowView(energyFlow(flow, own), flow)
  return {
    ...view,
    stretches: view.stretches.map((stretch) => ({ ...stretch, accounts: stretch.accounts.filter(isOwn) })),
    energy: view.energy.filter(isOwn),
    flow: { ...drawn, incomplete: drawn.incomplete || incomplete },
  }
}

/** What is made anew after some time; whoever asks while it is made waits for the same one. */
function kept<T>(clock: Clock, keepMs: number, make: () => Promise<T>): () => Promise<T> {
  let last: { readonly atMs: number; readonly made: Promise<T> } | undefined
  return () => {
    const atMs = clock.monotonicMs()
    if (last !== undefined && atMs - last.atMs < keepMs) return last.made
    const next = { atMs, made: make() }
    last = next
    next.made.catch(() => {
      if (last === next) last = undefined
    })
    return next.made
  }
}

/** /api/v1/day and /api/v1/flow: the day beside other days with its energy mix, and where energy flows today and now. */
export function dayApi(app: FastifyInstance, sources: DaySources): void {
  const { park, parkOf, clock, live } = sources
  const needed = (): { accounts: AccountSources; reports: ReportSources } => {
    const { accounts, reports } = sources
    requirePlan(accounts)
    requirePlan(reports)
    return { accounts, reports }
  }
  const dayNow = kept(clock, KEEP_MS, async () => {
    const { accounts, reports } = needed()
    return inSteps(daySteps(park, accounts, reports, clock.wallMs()))
  })
  const powerNow = kept(clock, KEEP_NOW_MS, async () => {
    const atMs = clock.wallMs()
    const ground = { ...groundOf(needed().reports, park, atMs), measured: hourAhead(live) }
    const flow = await inSteps(flowGroundSteps(ground, dayText(atMs, park.description.timeZone)))
    // What persons record is of days and months, and flows at no moment.
    return { atMs, flow: { ...flow, parts: flow.parts.filter(({ origin }) => origin.kind === 'meter') } }
  })
  const api = app.withTypeProvider<ZodTypeProvider>()
  api.route({
    method: 'GET',
    url: '/api/v1/day',
    config: { access: readOwn },
    schema: { response: { 200: dayView } },
    handler: async (request) => {
      needed()
      return seenBy(accountsOf(parkOf(request), park), await dayNow())
    },
  })
  api.route({
    method: 'GET',
    url: '/api/v1/flow',
    config: { access: readOwn },
    schema: { response: { 200: flowNow } },
    handler: async (request): Promise<FlowNow> => {
      needed()
      const { atMs, flow } = await powerNow()
      return { atMs, flow: flowView(energyFlow(flow, accountsOf(parkOf(request), park)), flow) }
    },
  })
}
