import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { textOf } from '#accounts/decimal.ts'
import { energyStatisticsSteps } from '#accounts/energy-statistics.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { eachInSteps, type Steps } from '#accounts/steps.ts'
import type { Clock } from '#contract/clock.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import { requirePlan } from '../asked-of.ts'
import type { AccountSources } from '../account-view.ts'
import { dayStretches, emissionsOf } from '../day-emissions.ts'
import { energyFlow, type UsedEnergy } from '../energy-flow.ts'
import { inSteps } from '../in-steps.ts'
import { dayText } from '../overview.ts'
import { dayView, type DayView } from './day-shapes.ts'
import { groundOf, type ReportSources } from '../report-ground.ts'

export interface DaySources {
  readonly park: Park
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly clock: Clock
  readonly accounts: AccountSources | undefined
  readonly reports: ReportSources | undefined
}

/** How long a day's figures are answered again before the books are asked: slots end every quarter of an hour. */
const KEEP_MS = 30_000
/** Accounts of a step, for some milliseconds. */
const ACCOUNTS_AT_ONCE = 5

function* dayViewSteps(
  park: Park,
  accounts: AccountSources,
  reports: ReportSources,
  nowMs: number,
): Steps<DayView> {
  const { timeZone } = park.description
  const date = dayText(nowMs, timeZone)
  const ground = groundOf(reports, park, nowMs)
  // Media such as water are no energy.
  const today = reportPeriod(`${date}..${date}`, timeZone)
  const statistics = (yield* energyStatisticsSteps(ground, today, undefined)).filter(
    ({ item }) => ground.items[item]?.media === false,
  )
  const lines = statistics.map(({ path, name, level, item, now }): UsedEnergy => {
    const { calorific } = now.coal
    return { path, name, level, item, tce: now.amount === undefined ? undefined : calorific }
  })
  const nameOfItem = (item: string): LocalName => ground.items[item]?.name ?? { zh: item, en: item }
  const flow = energyFlow(park, lines, nameOfItem)
  const ofAccounts = lines.filter(({ level }) => level === 'account')
  const stretches: DayView['stretches'] = []
  for (const { which, fromMs, toMs } of dayStretches(nowMs, timeZone)) {
    const ofStretch = yield* eachInSteps(accounts.plan.accounts, ACCOUNTS_AT_ONCE, (account) => {
      const found = emissionsOf(accounts, park, account, { fromMs, toMs }, nowMs)
      return { ...found, tCo2: found.tCo2 ?? null }
    })
    stretches.push({ which, fromMs, toMs, accounts: ofStretch })
  }
  return {
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
    flow: {
      nodes: flow.nodes.map((node) => {
        const item = node.kind === 'item' ? node.id.slice('item '.length) : ''
        return { ...node, carrier: ground.items[item]?.carriers[0] ?? null }
      }),
      links: [...flow.links],
      // The slot under way is never whole; the last one that counts as final tells whether anything is missing.
      incomplete:
        flow.incomplete ||
        stretches.some(
          ({ which, accounts: all }) => which === 'today' && all.some(({ incomplete }) => incomplete),
        ),
    },
  }
}

/** What an enterprise user may see of it. */
function seenBy(seen: Park, whole: Park, view: DayView): DayView {
  if (seen === whole) return view
  const own = new Set(seen.description.enterprises.map(({ id }) => id))
  const isOwn = (id: string): boolean => {
    const [kind, account = ''] = id.split(' ')
    return kind === 'item' || kind === 'rest' || own.has(account)
  }
  const links = view.flow.links.filter(({ from, to }) => isOwn(from) && isOwn(to))
  const ends = new Set(links.flatMap(({ from, to }) => [from, to]))
  return {
    ...view,
    stretches: view.stretches.map((stretch) => ({
      ...stretch,
      accounts: stretch.accounts.filter(({ account }) => own.has(account)),
    })),
    energy: view.energy.filter(({ account }) => own.has(account)),
    flow: { ...view.flow, links, nodes: view.flow.nodes.filter(({ id }) => ends.has(id)) },
  }
}

/** /api/v1/day: emissions of the day beside other days, its energy mix, and where the energy flows. */
export function dayApi(app: FastifyInstance, { park, parkOf, clock, accounts, reports }: DaySources): void {
  let kept: { readonly atMs: number; readonly view: Promise<DayView> } | undefined
  /** Whoever asks while it is made waits for the same one. */
  const viewNow = (from: AccountSources, sources: ReportSources): Promise<DayView> => {
    const atMs = clock.monotonicMs()
    if (kept !== undefined && atMs - kept.atMs < KEEP_MS) return kept.view
    const made = { atMs, view: inSteps(dayViewSteps(park, from, sources, clock.wallMs())) }
    kept = made
    made.view.catch(() => {
      if (kept === made) kept = undefined
    })
    return made.view
  }
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/api/v1/day',
    config: { access: readOwn },
    schema: { response: { 200: dayView } },
    handler: async (request) => {
      requirePlan(accounts)
      requirePlan(reports)
      return seenBy(parkOf(request), park, await viewNow(accounts, reports))
    },
  })
}
