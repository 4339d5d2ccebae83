import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { toDecimal } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { RecordedEntry } from '#contract/meter-entry.ts'
import { eventMs, type Meter, type Park } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import type { Board } from '../board.ts'
import type { BooksView } from '../sources.ts'
import { meterEvents, meterQuality, meterReader, type MeterEvents } from './meter-care-shapes.ts'

/** Gap entries of a meter in one answer. */
const GAPS_MAX = 200
/** Entries of quarantine that are looked through for a meter. */
const QUARANTINE_SEARCHED = 1_000

const saidOf = ({ digest, entry, enteredMs, isWithdrawn }: RecordedEntry): SaidBy => ({
  entry: digest,
  by: entry.by,
  why: entry.why,
  enteredMs,
  withdrawn: isWithdrawn,
})
type SaidBy = MeterEvents['entries'][number]['said']

function eventsOf(meter: Meter, entries: readonly RecordedEntry[]): MeterEvents['events'] {
  const described = meter.events.map((event) => ({ atMs: eventMs(event), event, said: null }))
  const said = entries.flatMap((recorded) => {
    const { entry } = recorded
    return entry.kind === 'event'
      ? { atMs: eventMs(entry.event), event: entry.event, said: saidOf(recorded) }
      : []
  })
  return [...described, ...said].toSorted((a, b) => b.atMs - a.atMs)
}

function enteredOf(entries: readonly RecordedEntry[]): MeterEvents['entries'] {
  return entries
    .flatMap((recorded) => {
      const { entry } = recorded
      if (entry.kind !== 'reading' && entry.kind !== 'energy') return []
      const { kind, quantity } = entry
      const isReading = entry.kind === 'reading'
      return {
        kind,
        quantity,
        unit: quantityOf(quantity).unit,
        value: toDecimal(isReading ? entry.value : entry.energy),
        fromMs: isReading ? entry.atMs : entry.fromMs,
        toMs: isReading ? null : entry.toMs,
        said: saidOf(recorded),
      }
    })
    .toSorted((a, b) => b.fromMs - a.fromMs)
}

export interface MeterCareSources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: BooksView
  readonly board: Board
}

/** What happened to a meter, what of it is missing or was refused, and who reads it. */
export function meterCareApi(app: FastifyInstance, { parkOf, books, board }: MeterCareSources): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const params = z.object({ id: identifier })
  const config = { access: readOwn }
  const meterOf = (request: FastifyRequest, id: string): Meter => {
    const meter = parkOf(request).meters.get(id)
    if (meter === undefined) throw new Fault('not-found', `The park has no meter "${id}".`)
    return meter
  }

  api.get(
    '/api/meters/:id/events',
    { config, schema: { params, response: { 200: meterEvents } } },
    (request) => {
      const meter = meterOf(request, request.params.id)
      const entries = books.meterEntries(meter.id)
      return { meter: meter.id, events: eventsOf(meter, entries), entries: enteredOf(entries) }
    },
  )

  api.get(
    '/api/meters/:id/quality',
    { config, schema: { params, response: { 200: meterQuality } } },
    (request) => {
      const { id } = meterOf(request, request.params.id)
      const quarantine = books.quarantine(QUARANTINE_SEARCHED)
      return {
        meter: id,
        gaps: [...books.gapEntriesOf(id, GAPS_MAX)],
        // A whole payload may tell of other meters too: only what is this meter's alone is shown here.
        quarantine: quarantine.filter(({ refusal }) => refusal.encoding === 'json' && refusal.meter === id),
        searched: QUARANTINE_SEARCHED,
      }
    },
  )

  api.get(
    '/api/meters/:id/reader',
    { config, schema: { params, response: { 200: meterReader } } },
    (request) => {
      const { id, gateway } = meterOf(request, request.params.id)
      const said = gateway === undefined ? undefined : board.stateOf(gateway)
      const line = said?.meters?.find(({ meter }) => meter === id)
      return {
        meter: id,
        gateway: gateway ?? null,
        saidMs: said?.atMs ?? null,
        line: line ?? null,
        bus: said?.buses?.find(({ bus }) => bus === line?.bus) ?? null,
      }
    },
  )
}
