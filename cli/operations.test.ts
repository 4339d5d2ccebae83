import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { MeasuredStore } from '#store/measured.ts'
import type { ReadingStore } from '#store/port.ts'
import { operationsOf, type OperationsParts } from './operations.ts'

const statistics = {
  connected: true,
  received: 9,
  states: 2,
  statesRefused: 1,
  receiptsUnsent: 3,
  committedPayloads: 8,
  committedReadings: 80,
  refused: 4,
  quarantined: 1,
  dropped: 0,
  coalesced: 0,
  queued: 5,
  queuedBytes: 500,
  storeAvailable: true,
  withheld: 0,
  clockComplaint: undefined,
}

const clock = new ManualClock(1_790_000_010_000)

/** A store of which only the probe is asked. */
function storeThat(probe: () => Promise<void>): ReadingStore {
  const unasked = async (): Promise<never> => Promise.reject(new Error('not asked'))
  return {
    append: unasked,
    appendCommits: unasked,
    commitsSince: unasked,
    readings: unasked,
    registerSeries: unasked,
    latest: unasked,
    close: async () => {},
    probe,
  }
}

const books: NonNullable<OperationsParts['books']> = {
  quarantineOverflow: () => [
    { gateway: 'gw', code: 'meter-unknown', firstMs: 0, lastMs: 1, refusals: 8, characters: 90 },
    { gateway: 'gw', code: 'message-invalid', firstMs: 0, lastMs: 1, refusals: 1, characters: 9 },
  ],
  counts: () => ({
    gaps: 1,
    openGaps: { batches: 0, declared: 1, gateway: 0, meter: 2, undecided: 6, late: 0 },
    missingBatches: 2,
    quarantined: 3,
    daysToCopy: 7,
    dirtyWindows: 4,
    oldestDirtyMs: 1_790_000_000_000,
    revisionsWritten: 5,
  }),
  followedUntilMs: () => 1_790_000_008_000,
  probe: () => {},
}

function operations(over: Partial<OperationsParts> = {}, probe = async (): Promise<void> => {}) {
  return operationsOf({
    store: new MeasuredStore(storeThat(probe), clock),
    books,
    clock,
    processMetrics: () => [],
    worker: () => ({ statistics: () => statistics }),
    lostBatches: () => 12,
    isStopping: () => false,
    ...over,
  })
}

const broken = new Fault('books-unusable', 'The disk is full.')

describe('readiness', () => {
  it('has nothing to say where all is well', async () => {
    expect(await operations().complaints()).toEqual([])
  })

  it.each<[string, string, ReturnType<typeof operations>]>([
    [
      'a broker that is away',
      'broker',
      operations({ worker: () => ({ statistics: () => ({ ...statistics, connected: false }) }) }),
    ],
    [
      'a clock that nearly all gateways are ahead of',
      'clock',
      operations({
        worker: () => ({ statistics: () => ({ ...statistics, clockComplaint: '2 of 2 gateways …' }) }),
      }),
    ],
    ['a worker that was not started yet', 'broker', operations({ worker: () => undefined })],
    [
      'a store that takes no write',
      'store',
      operations({}, async () => Promise.reject(new Fault('store-unavailable', 'no space left'))),
    ],
    [
      'books that cannot be written',
      'books',
      operations({
        books: {
          ...books,
          probe: () => {
            throw broken
          },
        },
      }),
    ],
    ['a server that stops', 'server', operations({ isStopping: () => true })],
  ])('%s is named', async (_what, about, ready) => {
    expect(await ready.complaints()).toEqual([{ about, what: expect.any(String) }])
  })

  it('does not wait for ever for a store that does not answer', async () => {
    const asked = operations({}, () => new Promise(() => {})).complaints()
    await Promise.resolve()
    clock.advance(3_000)
    expect(await asked).toEqual([{ about: 'store', what: expect.stringMatching(/within 3 s/) }])
  })

  it('writes once for many who ask at once, and again later', async () => {
    let writes = 0
    const ready = operations({}, async () => {
      writes += 1
    })
    await Promise.all([ready.complaints(), ready.complaints(), ready.complaints()])
    expect(writes).toBe(1)
    clock.advance(2_000)
    await ready.complaints()
    expect(writes).toBe(2)
  })
})

describe('metrics', () => {
  it('has worker, store and books in one text', () => {
    const lines = operations().metrics().split('\n')
    expect(lines).toEqual(
      expect.arrayContaining([
        'tanbiao_ingest_broker_subscribed 1',
        'tanbiao_ingest_waiting_bytes 500',
        'tanbiao_ingest_receipts_total{sent="true"} 5',
        'tanbiao_ingest_receipts_total{sent="false"} 3',
        'tanbiao_ingest_refused_readings_total 4',
        'tanbiao_ingest_quarantined_payloads_total 1',
        'tanbiao_store_readings_total 0',
        'tanbiao_store_lost_batches 12',
        'tanbiao_books_quarantined 3',
        'tanbiao_books_quarantine_overflow 9',
        'tanbiao_books_gaps 1',
        'tanbiao_books_open_gaps{kind="undecided"} 6',
        'tanbiao_books_open_gaps{kind="late"} 0',
        'tanbiao_books_missing_batches 2',
        'tanbiao_books_dirty_windows 4',
        'tanbiao_books_oldest_dirty_timestamp_seconds 1790000000',
        'tanbiao_books_interval_revisions_total 5',
      ]),
    )
  })

  it('goes on without books that cannot be read', () => {
    const text = operations({
      books: {
        ...books,
        counts: () => {
          throw broken
        },
      },
    }).metrics()
    expect(text).toContain('tanbiao_ingest_broker_subscribed 1')
    expect(text).not.toContain('tanbiao_books_')
  })
})
