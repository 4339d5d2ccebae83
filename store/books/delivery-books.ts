import type { DatabaseSync } from 'node:sqlite'
import type { CommitRecord, Refusal } from '#contract/commit.ts'
import type { Fault } from '#contract/fault.ts'
import type { DeliveryBooks, DirtyWindow } from '../port.ts'
import { joined } from './dirty-windows.ts'
import type { BookParts, BooksFile } from './parts.ts'

/** What is shown of a batch whose number another content had before it. Its readings are in the store all the same. */
function conflictOf(record: CommitRecord): Refusal {
  return {
    code: 'number-reused' satisfies Fault['code'],
    detail: `Batch ${record.seq} of gateway ${record.gateway}, epoch ${record.epoch}, came with two contents.`,
    encoding: 'json',
    payload: JSON.stringify(record),
  }
}

/** The books of what was delivered: batches, holes and gaps, quarantine, what persons said of meters. */
export function deliveryBooks(file: BooksFile, parts: BookParts, database: DatabaseSync): DeliveryBooks {
  const { marks, windows, quarantine, declared, entries, gaps, intervals, keptFrom, uncovered } = parts
  const cursor = database.prepare('SELECT followed_until_ms FROM progress')
  const moveCursor = database.prepare(
    'UPDATE progress SET followed_until_ms = min(max(followed_until_ms, ?), ?)',
  )

  /** Enters one record, and adds what it touched. True when it was not known. */
  function enter(record: CommitRecord, nowMs: number, touched: DirtyWindow[]): boolean {
    const arrival = marks.mark(record, nowMs)
    if (arrival === 'known') return false
    for (const stretch of record.touched) {
      const late = arrival === 'again' ? undefined : keptFrom.lateWithin(stretch.meter, stretch)
      if (late !== undefined) gaps.noteLate({ meter: stretch.meter, gateway: record.gateway }, late, nowMs)
    }
    touched.push(...record.touched)
    quarantine.enter(record, record.refused, arrival !== 'again')
    declared.enter(record)
    entries.enter(record)
    if (arrival === 'conflict') quarantine.enter(record, [conflictOf(record)], true)
    return arrival !== 'again'
  }

  return {
    followedUntilMs: () => file.read(() => Number(cursor.get()?.['followed_until_ms'])),
    // Without waiting for the disk: what a power cut takes of it is followed again, as it says itself how far that was.
    follow: (records, nowMs) =>
      file.write(() => {
        const touched: DirtyWindow[] = []
        const entered = records.filter((record) => enter(record, nowMs, touched))
        for (const window of joined(touched)) windows.mark(window)
        const newestMs = records.reduce((newest, { committedAtMs }) => Math.max(newest, committedAtMs), 0)
        moveCursor.run(newestMs, nowMs)
        return entered
      }, true),
    meterEntries: (meter) => file.read(() => entries.of(meter)),
    holes: () => file.read(() => marks.holes(quarantine.unnumbered())),
    gaps: () => file.read(() => declared.all()),
    absentBatches: (gateway, epoch, range) => file.read(() => marks.absent(gateway, epoch, range)),
    batchCommittedAtMs: (...batch) => file.read(() => marks.committedAtMs(...batch)),
    batchesSince: (...wish) => file.read(() => marks.batchesSince(...wish)),
    gatewaysSeen: () => file.read(() => marks.gatewaysSeen()),
    openSlots: (meter, register, nowMs) =>
      file.read(() => {
        const all = intervals.seriesOfMeter(meter)
        return uncovered.open(all.find(({ quantity }) => quantity === register)?.id, all, nowMs)
      }),
    unfilledGaps: () => file.read(() => gaps.unfilled()),
    gapEntriesOf: (...listed) => file.read(() => gaps.newestOfMeter(...listed)),
    gapEntries: (...listed) => file.read(() => gaps.newest(...listed)),
    changeGaps: (changes, nowMs) => file.write(() => gaps.apply(changes, nowMs)),
    acceptGap: (...accepted) => file.write(() => gaps.accept(...accepted)),
    quarantine: (...listed) => file.read(() => quarantine.newest(...listed)),
    quarantineEntry: (id) => file.read(() => quarantine.find(id)),
    quarantineOverflow: () => file.read(() => quarantine.overflow()),
    reusedNumbers: () => file.read(() => quarantine.reused()),
    decideQuarantine: (...decided) => file.write(() => quarantine.decide(...decided)),
    decideAllQuarantine: (...decided) => file.write(() => quarantine.decideAll(...decided)),
    forgetMarks: (nowMs, limit) => file.write(() => marks.forget(nowMs, limit)),
    batchCount: () => file.read(() => marks.batchCount()),
  }
}
