import { setImmediate as turn } from 'node:timers/promises'
import type { Period } from '#contract/grid.ts'
import type { Reading } from '#contract/reading.ts'
import type { Books, ReadingStore } from '#store/port.ts'

/** What the dashboards ask of the store: nothing here can write. */
export type ReadingSource = Pick<ReadingStore, 'readings' | 'latest'>

/** What the dashboards ask of the books: nothing here can write. */
export type BooksView = Pick<
  Books,
  | 'intervals'
  | 'revisions'
  | 'daySums'
  | 'sumsOver'
  | 'meterEntries'
  | 'records'
  | 'holes'
  | 'gaps'
  | 'gapEntries'
  | 'gapEntriesOf'
  | 'quarantine'
  | 'quarantineEntry'
  | 'quarantineOverflow'
  | 'reusedNumbers'
  | 'unfilledGaps'
  | 'remarks'
  | 'alarms'
  | 'alarm'
  | 'publishedConfigurations'
  | 'counts'
>

/** Readings of six hours: 15 ms of work for the embedded store at a reading every 10 s. */
const PIECE_MS = 6 * 3_600_000

function* piecesOf({ fromMs, toMs }: Period): Generator<Period> {
  for (let startMs = fromMs; startMs < toMs; startMs += PIECE_MS) {
    yield { fromMs: startMs, toMs: Math.min(startMs + PIECE_MS, toMs) }
  }
}

/**
 * The same source, read in pieces, one at a time for all who ask. The embedded store answers within one turn of the
 * event loop, which ingest shares: a month at once would hold up receipts for seconds.
 */
export function inPieces(source: ReadingSource): ReadingSource {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (read: () => Promise<readonly Reading[]>): Promise<readonly Reading[]> => {
    const piece = last.then(() => turn()).then(read)
    // Whoever comes next waits for it, whatever becomes of it.
    last = piece.catch(() => undefined)
    return piece
  }
  return {
    latest: (meters) => source.latest(meters),
    readings: async (meter, quantity, period) => {
      const pieces: (readonly Reading[])[] = []
      for (const piece of piecesOf(period)) {
        pieces.push(await inTurn(() => source.readings(meter, quantity, piece)))
      }
      return pieces.flat()
    },
  }
}
