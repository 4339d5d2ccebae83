import { existsSync } from 'node:fs'
import type { z } from 'zod'
import { fromDecimal } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { dayOf, type Period } from '#contract/grid.ts'
import type { Boundary, Interval, RegisterPoint } from '#contract/interval.ts'
import type { GapRecord } from '#contract/messages.ts'
import type { Meter } from '#contract/park.ts'
import { meterIntervals, quality, type Slot } from '#dashboards/api/shapes.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'

/** Where the intervals that are graded come from. */
export interface PlatformIntervals {
  /** The newest revisions of a meter's register, in order of time. */
  intervals(meter: Meter, period: Period): Promise<readonly Interval[]>
  gaps(): Promise<readonly GapRecord[]>
  /** The books themselves, where they are at hand. */
  readonly books: Pick<Books, 'sumsOver'> | undefined
  close(): void
}

/** The books file of a server, running or not. Throws `file-unreadable` where there is none. */
export function fromBooks(file: string): PlatformIntervals {
  if (!existsSync(file))
    throw new Fault('file-unreadable', `There are no books in ${file}.`, { place: { file } })
  const books = openBooks(file)
  return {
    books,
    intervals: async (meter, period) => books.intervals(meter.id, meter.register, period),
    gaps: async () => books.gaps().map(({ record }) => record),
    close: () => {
      books.close()
    },
  }
}

/** The HTTP API of a running server, a day at a time; with an API token where nobody may read without one. */
export function fromServer(url: string, timeZone: string, token?: string): PlatformIntervals {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const get = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const address = new URL(path, url)
    try {
      const response = await fetch(address, { headers })
      if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
      return schema.parse(await response.json())
    } catch (cause) {
      const place = { path: address.href }
      throw new Fault('server-unavailable', `No answer that can be used: ${String(cause)}`, { place, cause })
    }
  }
  return {
    books: undefined,
    intervals: async (meter, { fromMs, toMs }) => {
      const found: Interval[] = []
      for (let day = dayOf(fromMs, timeZone); day.fromMs < toMs; day = dayOf(day.toMs, timeZone)) {
        const name = Temporal.Instant.fromEpochMilliseconds(day.fromMs).toZonedDateTimeISO(timeZone)
        const path = `/api/meters/${meter.id}/intervals?day=${name.toPlainDate().toString()}`
        const { slots } = await get(path, meterIntervals)
        for (const slot of slots)
          if (slot.slotMs >= fromMs && slot.slotMs < toMs) found.push(...intervalOf(meter, slot))
      }
      return found
    },
    gaps: async () => (await get('/api/quality', quality)).gaps.map(({ record }) => record),
    close: () => {},
  }
}

type KnownSlot = Extract<Slot, { state: 'known' }>

const pointOf = ({ atMs, register }: KnownSlot['undecided'][number]['from']): RegisterPoint => ({
  atMs,
  register: fromDecimal(register),
})

const boundaryOf = (boundary: NonNullable<KnownSlot['opening']>): Boundary => ({
  ...pointOf(boundary),
  method: boundary.method,
  before: pointOf(boundary.before),
  after: pointOf(boundary.after),
})

/** An interval out of the API's slot; none for one that is still to come or rests on no register of its own. */
function intervalOf(meter: Meter, slot: Slot): Interval[] {
  const identity = { meter: meter.id, quantity: meter.register, slotMs: slot.slotMs }
  if (slot.state === 'pending') return []
  const undecided = slot.undecided.map(({ from, to, reason }) => ({
    from: pointOf(from),
    to: pointOf(to),
    reason,
  }))
  if (slot.state === 'missing') {
    return slot.cause === 'not-computed' || slot.cause === 'input-missing'
      ? []
      : [{ ...identity, state: 'missing', cause: slot.cause, undecided }]
  }
  const { energy, method, coverage, simulated, uncertain, opening, closing } = slot
  if (opening === null || closing === null) return []
  return [
    {
      ...identity,
      state: 'known',
      basis: 'register',
      energy: fromDecimal(energy),
      method,
      coverage,
      simulated,
      uncertain,
      opening: boundaryOf(opening),
      closing: boundaryOf(closing),
      undecided,
    },
  ]
}
