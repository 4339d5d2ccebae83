import { Fault } from '#contract/fault.ts'
import type { ClosingDesk, Desk, EventDesk } from '#dashboards/desk.ts'
import { discardQuarantined, replayQuarantined, type QuarantineParts } from '#ingest/quarantine.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { decideEvent } from './event-decision.ts'
import { takeBack, type EntryDesk } from './meter-entries.ts'

/** What is wrong with what was said came with a request here, not with options. */
async function asRequest<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'argument-invalid') throw error
    throw new Fault('request-invalid', error.message, { cause: error })
  }
}

/** What a desk writes into. */
type DeskParts = QuarantineParts & { readonly books: Books; readonly store: ReadingStore }

function eventDeskOf({ park, store, books, clock }: DeskParts): EventDesk {
  const deskFor = (id: string): EntryDesk => {
    const meter = park.meters.get(id)
    if (meter === undefined) throw new Fault('not-found', `The park has no meter "${id}".`)
    return { meter, store, clock, entries: books.meterEntries(id), standing: books.standing(id) }
  }
  return {
    decide: (meter, event, person) =>
      asRequest(decideEvent(deskFor(meter), event, { ...person, nameOf: (field) => field })),
    withdraw: async (meter, digest, person) => {
      await takeBack(deskFor(meter), digest, person)
    },
  }
}

/** What persons decide on the pages of a running server, written into its books. */
export function deskOf(parts: DeskParts & { readonly closings?: ClosingDesk | undefined }): Desk {
  const { books, closings } = parts
  return {
    acceptGap: (id, decision) => books.acceptGap(id, decision),
    acknowledgeAlarm: (id, by, atMs) => books.acknowledgeAlarm(id, by, atMs),
    remark: (subject, remark) => books.addRemark(subject, remark),
    keepPublished: (published) => books.keepPublished(published),
    enter: (account, body, nowMs) => {
      const [entry] = books.post(account, [body], nowMs)
      if (entry === undefined) throw new Fault('unexpected-error', 'The entry was not kept.')
      return entry.number
    },
    enterRecords: (records, nowMs) => books.enterRecords(records, nowMs),
    replay: (id, request) => replayQuarantined(id, request, parts),
    discard: (id, person) => discardQuarantined(id, person, parts),
    events: eventDeskOf(parts),
    closings,
  }
}
