import { Fault } from '#contract/fault.ts'
import type { ClosingDesk, Desk } from '#dashboards/desk.ts'
import { discardQuarantined, replayQuarantined, type QuarantineParts } from '#ingest/quarantine.ts'
import type { Books } from '#store/port.ts'

/** What persons decide on the pages of a running server, written into its books. */
export function deskOf(
  parts: QuarantineParts & { readonly books: Books; readonly closings?: ClosingDesk | undefined },
): Desk {
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
    closings,
  }
}
