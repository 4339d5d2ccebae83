import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { MINUTE_MS } from '#contract/duration.ts'
import { dayOf, startOfDay } from '#contract/grid.ts'
import type { Meter, Park, ParkDescription } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import type { Board } from '../board.ts'
import { momentsOf, summed, type CurveSource } from '../curve.ts'
import { metersOfTotal, scopesOf } from '../overview.ts'
import type { ReadingSource } from '../sources.ts'
import { loadCurve, overview, parkTree, type MeterFacts, type Overview, type ParkTree } from './shapes.ts'

/** What is fixed of a meter. */
export function meterFactsOf(meter: Meter): MeterFacts {
  return {
    id: meter.id,
    name: meter.name,
    carrier: meter.carrier,
    role: meter.role,
    gateway: meter.gateway ?? null,
    upstream: meter.upstream ?? null,
    register: { quantity: meter.register, unit: quantityOf(meter.register).unit },
    power: meter.power === undefined ? null : { quantity: meter.power, unit: quantityOf(meter.power).unit },
  }
}

export function parkTreeOf(park: Park, accounting: boolean): ParkTree {
  const { id, name, timeZone, gateways, enterprises } = park.description
  const metersAt = (described: ParkDescription['meters']): MeterFacts[] =>
    described.flatMap((each) => {
      const meter = park.meters.get(each.id)
      return meter === undefined ? [] : [meterFactsOf(meter)]
    })
  return {
    accounting,
    id,
    name,
    timeZone,
    gateways,
    meters: metersAt(park.description.meters),
    enterprises: enterprises.map((enterprise) => ({
      id: enterprise.id,
      name: enterprise.name,
      industry: enterprise.industry ?? null,
      meters: metersAt(enterprise.meters),
      processes: enterprise.processes.map((process) => ({
        id: process.id,
        name: process.name,
        meters: metersAt(process.meters),
        equipment: process.equipment.map((equipment) => ({
          id: equipment.id,
          name: equipment.name,
          meters: metersAt(equipment.meters),
        })),
      })),
    })),
  }
}

/** Step of the load curve for an hour, the poll interval of most meters; longer periods get longer steps. */
const LOAD_STEP_MS = 10_000
const LOAD_POINTS_MAX = 361

export interface ParkSources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly store: ReadingSource
  readonly board: Board
  readonly clock: Clock
  readonly view: (park: Park) => Overview
  /** Whether there is an accounting plan. */
  readonly accounting: boolean
}

/** /api/park, /api/overview and /api/load. */
export function parkApi(
  app: FastifyInstance,
  { parkOf, store, board, clock, view, accounting }: ParkSources,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const config = { access: readOwn }

  api.get('/api/park', { config, schema: { response: { 200: parkTree } } }, (request) =>
    parkTreeOf(parkOf(request), accounting),
  )

  api.get('/api/overview', { config, schema: { response: { 200: overview } } }, (request) =>
    view(parkOf(request)),
  )

  const minutes = z.coerce.number().int().min(1).max(1_440).default(60)
  api.route({
    method: 'GET',
    url: '/api/load',
    config,
    schema: { querystring: z.object({ minutes }), response: { 200: loadCurve } },
    handler: async (request) => {
      const park = parkOf(request)
      const toMs = clock.wallMs()
      const fromMs = toMs - request.query.minutes * MINUTE_MS
      const stepMs = LOAD_STEP_MS * Math.ceil((toMs - fromMs) / LOAD_STEP_MS / (LOAD_POINTS_MAX - 1))
      const momentsMs = momentsOf({ fromMs, toMs }, stepMs)

      const sourceOf = async (meter: Meter): Promise<CurveSource | undefined> => {
        if (meter.power === undefined || quantityOf(meter.power).unit !== 'kW') return undefined
        const gapMs = Math.max(stepMs, board.meter(meter, toMs).limitMs)
        const readings = await store.readings(meter.id, meter.power, {
          fromMs: fromMs - gapMs,
          toMs: toMs + 1,
        })
        return { readings, gapMs }
      }
      const metersOf = (scope: string | undefined): Meter[] => metersOfTotal(park, scope, 'electricity', 'in')
      const sources = new Map<string, CurveSource>()
      for (const meter of new Set(scopesOf(park).flatMap(metersOf))) {
        const source = await sourceOf(meter)
        if (source !== undefined) sources.set(meter.id, source)
      }
      const series = scopesOf(park).flatMap((scope) => {
        const own = metersOf(scope).flatMap((meter) => sources.get(meter.id) ?? [])
        return own.length === 0 ? [] : { enterprise: scope ?? null, values: summed(own, momentsMs) }
      })
      return { unit: 'kW' as const, atMs: momentsMs, series }
    },
  })
}

/** The park's day that contains an instant, or a named one; undefined for a text that is no date, and before 1970. */
export function dayPeriod(
  park: Park,
  day: string | undefined,
  nowMs: number,
): ReturnType<typeof dayOf> | undefined {
  const { timeZone } = park.description
  if (day === undefined) return dayOf(nowMs, timeZone)
  try {
    const named = dayOf(startOfDay(day, timeZone), timeZone)
    return named.fromMs < 0 ? undefined : named
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
