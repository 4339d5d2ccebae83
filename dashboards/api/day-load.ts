import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { decimal, textOf } from '#accounts/decimal.ts'
import { slotEnergies } from '#accounts/load/slot-energy.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { slotsBetween } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import { inSteps } from '../in-steps.ts'
import { dayText, hasPower, metersOfTotal, scopesOf } from '../overview.ts'
import type { BooksView } from '../sources.ts'
import { dayLoad, type DayLoad } from './day-shapes.ts'
import { dayPeriod } from './park.ts'

const SLOTS_PER_HOUR = decimal('4')

export interface DayLoadSources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: BooksView
  readonly clock: Clock
}

/** /api/load/day: mean power of the park and of each enterprise in the 15 minutes of a day, out of its intervals. */
export function dayLoadApi(app: FastifyInstance, { parkOf, books, clock }: DayLoadSources): void {
  app.withTypeProvider<ZodTypeProvider>().route({
    method: 'GET',
    url: '/api/load/day',
    config: { access: readOwn },
    schema: { querystring: z.object({ day: z.iso.date().optional() }), response: { 200: dayLoad } },
    handler: async (request) => {
      const park = parkOf(request)
      const nowMs = clock.wallMs()
      const period = dayPeriod(park, request.query.day, nowMs)
      if (period === undefined) throw new Fault('request-invalid', '"day" is not a day of the calendar.')
      const slots = [...slotsBetween(period.fromMs, period.toMs)]
      const steps = function* (): Generator<undefined, DayLoad['series']> {
        const series: DayLoad['series'] = []
        for (const scope of scopesOf(park)) {
          const meters = metersOfTotal(park, scope, 'electricity', 'in').filter(hasPower)
          if (meters.length === 0) continue
          const terms = meters.map(({ id }) => ({ meter: id, share: '1' }))
          const known = new Map(
            slotEnergies(books, park, terms, period, nowMs).map(({ slotMs, energy }) => [slotMs, energy]),
          )
          const values = slots.map((slotMs) => {
            const energy = known.get(slotMs)
            return energy === undefined ? null : Number(textOf(energy.times(SLOTS_PER_HOUR)))
          })
          series.push({ enterprise: scope ?? null, values })
          yield undefined
        }
        return series
      }
      const series = await inSteps(steps())
      return {
        day: dayText(period.fromMs, park.description.timeZone),
        ...period,
        unit: 'kW' as const,
        series,
      }
    },
  })
}
