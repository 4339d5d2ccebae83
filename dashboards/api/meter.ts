import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { toDecimal } from '#contract/amount.ts'
import type { Clock } from '#contract/clock.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import { epochMs, identifier, type LocalName } from '#contract/identity.ts'
import { isSettled } from '#contract/grid.ts'
import type { Boundary, RecordedInterval, RegisterPoint } from '#contract/interval.ts'
import type { Meter, Park } from '#contract/park.ts'
import { quantities, quantityName, quantityOf } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import type { Board } from '../board.ts'
import { thinned } from '../curve.ts'
import { energyOfSlots, energyTotalOf, expectedSlots, registerAsked } from '../energy.ts'
import { ageOf, countedPower, dayText, valueOf } from '../overview.ts'
import type { BooksView, ReadingSource } from '../sources.ts'
import { dayPeriod, meterFactsOf } from './park.ts'
import {
  meterCurve,
  meterDetail,
  meterIntervals,
  type LiveMeter,
  type MeterDetail,
  type Slot,
} from './shapes.ts'

const catalogueOrder = new Map(quantities.map((quantity, index) => [quantity.name, index]))

function readingLine(reading: Reading, nowMs: number): MeterDetail['readings'][number] {
  const { label, symbol, unit } = quantityOf(reading.quantity)
  const value =
    reading.quality === 'bad'
      ? { value: null, exact: null, cause: reading.cause }
      : { ...valueOf(reading), cause: null }
  return {
    quantity: reading.quantity,
    label,
    symbol,
    unit,
    atMs: reading.atMs,
    ageMs: ageOf(reading, nowMs),
    quality: reading.quality,
    ...value,
  }
}

/** Names from the park down to where the meter hangs. */
function pathOf({ description }: Park, meter: Meter): { id: string; name: LocalName }[] {
  const enterprise = description.enterprises.find(({ id }) => id === meter.path[1])
  const process = enterprise?.processes.find(({ id }) => id === meter.path[2])
  const equipment = process?.equipment.find(({ id }) => id === meter.path[3])
  return [description, enterprise, process, equipment].flatMap((level) =>
    level === undefined ? [] : { id: level.id, name: level.name },
  )
}

const pointText = ({ atMs, register }: RegisterPoint): { atMs: number; register: string } => ({
  atMs,
  register: toDecimal(register),
})

const boundaryText = (boundary: Boundary): NonNullable<Extract<Slot, { state: 'known' }>['opening']> => ({
  ...pointText(boundary),
  method: boundary.method,
  before: pointText(boundary.before),
  after: pointText(boundary.after),
})

function slotOf(seen: Park, slotMs: number, interval: RecordedInterval | undefined, nowMs: number): Slot {
  if (interval?.state !== 'known' && !isSettled(slotMs, nowMs)) return { state: 'pending', slotMs }
  if (interval === undefined) {
    return { state: 'missing', slotMs, revision: null, cause: 'not-computed', undecided: [] }
  }
  const { revision } = interval
  const undecided = interval.undecided.map(({ from, to, reason }) => ({
    from: pointText(from),
    to: pointText(to),
    reason,
  }))
  if (interval.state === 'missing')
    return { state: 'missing', slotMs, revision, cause: interval.cause, undecided }
  return {
    state: 'known',
    slotMs,
    revision,
    energy: toDecimal(interval.energy),
    method: interval.method,
    coverage: interval.coverage,
    simulated: interval.simulated,
    uncertain: interval.uncertain,
    basis: interval.basis,
    opening: interval.basis === 'register' ? boundaryText(interval.opening) : null,
    closing: interval.basis === 'register' ? boundaryText(interval.closing) : null,
    inputs: interval.basis === 'formula' ? interval.inputs.filter(({ meter }) => seen.meters.has(meter)) : [],
    undecided,
  }
}

/** Longest stretch of one curve: a month at a poll a second is what a store can still answer at once. */
const CURVE_MS_MAX = 31 * 24 * 3_600_000

export interface MeterSources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly store: ReadingSource
  readonly books: BooksView
  readonly board: Board
  readonly clock: Clock
  readonly live: (meter: Meter) => LiveMeter
}

/** /api/meters/:id and what hangs on it. */
export function meterApi(app: FastifyInstance, sources: MeterSources): void {
  const { parkOf, store, books, board, clock, live } = sources
  const api = app.withTypeProvider<ZodTypeProvider>()
  const params = z.object({ id: identifier })
  const config = { access: readOwn }
  const meterOf = (request: FastifyRequest, id: string): Meter => {
    const meter = parkOf(request).meters.get(id)
    if (meter === undefined) throw new Fault('not-found', `The park has no meter "${id}".`)
    return meter
  }

  api.get('/api/meters/:id', { config, schema: { params, response: { 200: meterDetail } } }, (request) => {
    const meter = meterOf(request, request.params.id)
    const nowMs = clock.wallMs()
    return {
      nowMs,
      facts: meterFactsOf(meter),
      path: pathOf(parkOf(request), meter),
      ratingPerHour: meter.ratingPerHour,
      installedMs: meter.installedMs,
      live: live(meter),
      readings: board
        .readings(meter.id)
        .toSorted((a, b) => (catalogueOrder.get(a.quantity) ?? 0) - (catalogueOrder.get(b.quantity) ?? 0))
        .map((reading) => readingLine(reading, nowMs)),
    }
  })

  const instant = z.coerce.number().pipe(epochMs)
  const stretch = z.object({ from: instant.optional(), to: instant.optional() })
  api.route({
    method: 'GET',
    url: '/api/meters/:id/curve',
    config,
    schema: { params, querystring: stretch, response: { 200: meterCurve } },
    handler: async (request) => {
      const meter = meterOf(request, request.params.id)
      const quantity = meter.power
      if (quantity === undefined) {
        throw new Fault('not-found', `Meter "${meter.id}" has no power or flow that could be drawn.`)
      }
      const toMs = request.query.to ?? clock.wallMs() + 1
      const fromMs = request.query.from ?? Math.max(0, toMs - HOUR_MS)
      if (toMs <= fromMs || toMs - fromMs > CURVE_MS_MAX) {
        throw new Fault('request-invalid', '"from" must lie before "to", by 31 days at most.')
      }
      const readings = await store.readings(meter.id, quantity, { fromMs, toMs })
      const points = thinned(readings, { fromMs, toMs }, board.meter(meter, toMs).limitMs).map(
        ({ atMs, value }) => ({ atMs, value: value === null ? null : countedPower(meter, value) }),
      )
      return { quantity, unit: quantityOf(quantity).unit, fromMs, toMs, points }
    },
  })

  api.get(
    '/api/meters/:id/intervals',
    {
      config,
      schema: {
        params,
        querystring: z.object({ day: z.iso.date().optional(), quantity: quantityName.optional() }),
        response: { 200: meterIntervals },
      },
    },
    (request) => {
      const meter = meterOf(request, request.params.id)
      const park = parkOf(request)
      const nowMs = clock.wallMs()
      const period = dayPeriod(park, request.query.day, nowMs)
      if (period === undefined) throw new Fault('request-invalid', '"day" is not a day of the calendar.')
      const quantity = registerAsked(meter, request.query.quantity)
      const recorded = books.intervals(meter.id, quantity, period)
      const bySlot = new Map(recorded.map((interval) => [interval.slotMs, interval]))
      return {
        meter: meter.id,
        quantity,
        unit: quantityOf(quantity).unit,
        day: dayText(period.fromMs, park.description.timeZone),
        ...period,
        total: energyTotalOf(energyOfSlots(meter, recorded, period, nowMs, quantity)),
        slots: expectedSlots(meter, period, nowMs).map((slotMs) =>
          slotOf(park, slotMs, bySlot.get(slotMs), nowMs),
        ),
      }
    },
  )
}
