import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import { monthOf, type Period } from '#contract/grid.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { quantityName, quantityOf } from '#contract/quantities.ts'
import { calendarParts, type CalendarPart } from '#intervals/rollup.ts'
import { registerAsked } from '../energy.ts'
import { energyByPart, energySumOf, wholeOf, youngSlots } from '../energy-sums.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import type { BooksView } from '../sources.ts'
import { dayPeriod } from './park.ts'
import { meterEnergy } from './shapes.ts'

/** Longest period of one answer, in days: hours are summed slot by slot, days and more from the books' day sums. */
const DAYS_MAX = { hour: 31, day: 400, month: 3_660, year: 36_600 } as const satisfies Record<
  CalendarPart,
  number
>

const query = z.object({
  by: z.enum(calendarParts).default('day'),
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  quantity: quantityName.optional(),
})

/** Characters of an ISO date that name a part. */
const NAME_LENGTH = { day: 10, month: 7, year: 4 } as const

/** A calendar part's name in the park's time. */
function nameOf(part: CalendarPart, fromMs: number, timeZone: string): string {
  const start = Temporal.Instant.fromEpochMilliseconds(fromMs).toZonedDateTimeISO(timeZone)
  // An hour with its offset: where the clocks are set back, one comes twice.
  return part === 'hour'
    ? start.toString({ smallestUnit: 'minute', timeZoneName: 'never' })
    : start.toPlainDate().toString().slice(0, NAME_LENGTH[part])
}

/** Whole days, both included; by default this month until today. Throws `request-invalid`. */
function daysOf({ by, from, to }: z.infer<typeof query>, park: Park, nowMs: number): Period {
  const last = dayPeriod(park, to, nowMs)
  const first =
    last === undefined || from !== undefined
      ? dayPeriod(park, from, nowMs)
      : monthOf(last.fromMs, park.description.timeZone)
  if (first === undefined || last === undefined || first.fromMs > last.fromMs) {
    throw new Fault('request-invalid', '"from" and "to" are days of the calendar, and "from" comes first.')
  }
  const period = { fromMs: first.fromMs, toMs: last.toMs }
  if (period.toMs - period.fromMs > (DAYS_MAX[by] + 1) * DAY_MS) {
    throw new Fault('request-invalid', `By ${by}, ${DAYS_MAX[by]} days at most are summed in one answer.`)
  }
  return period
}

interface EnergySources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: BooksView
  readonly clock: Clock
}

/** /api/meters/:id/energy: sums over hours, days, months or years of the park's calendar. */
export function energyApi(app: FastifyInstance, { parkOf, books, clock }: EnergySources): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/meters/:id/energy',
    {
      config: { access: readOwn },
      schema: { params: z.object({ id: identifier }), querystring: query, response: { 200: meterEnergy } },
    },
    (request) => {
      const park = parkOf(request)
      const { timeZone } = park.description
      const meter = park.meters.get(request.params.id)
      if (meter === undefined) throw new Fault('not-found', `The park has no meter "${request.params.id}".`)
      const { by } = request.query
      const quantity = registerAsked(meter, request.query.quantity)
      const { unit } = quantityOf(quantity)
      const nowMs = clock.wallMs()
      const period = daysOf(request.query, park, nowMs)
      const parts = energyByPart(books, meter, quantity, { part: by, period, timeZone })
      const young = youngSlots(books, meter, quantity, nowMs)
      return {
        meter: meter.id,
        quantity,
        unit,
        timeZone,
        by,
        whole: energySumOf(meter, wholeOf(period, parts), young, nowMs),
        parts: parts.map((part) => ({
          name: nameOf(by, part.fromMs, timeZone),
          ...energySumOf(meter, part, young, nowMs),
        })),
      }
    },
  )
}
