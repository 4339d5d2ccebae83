import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { gapKindNames } from '#contract/gap.ts'
import { flag, metricsNamed, one, prometheusText, type Metric } from '#contract/prometheus.ts'
import type { Complaint, Operations } from '#dashboards/api/operations.ts'
import type { Worker } from '#ingest/worker.ts'
import type { MeasuredStore } from '#store/measured.ts'
import type { Books } from '#store/port.ts'

export interface OperationsParts {
  readonly store: MeasuredStore
  /** None where somebody else owns them. */
  readonly books: Pick<Books, 'counts' | 'quarantineOverflow' | 'followedUntilMs' | 'probe'> | undefined
  readonly clock: Clock
  /** Of the machine and the runtime. */
  readonly processMetrics: () => readonly Metric[]
  /** None before it was started. */
  readonly worker: () => Pick<Worker, 'statistics'> | undefined
  /** Acknowledged batches that the store did not hold any more at the last look; undefined before the first one. */
  readonly lostBatches?: () => number | undefined
  readonly isStopping: () => boolean
}

/** A store that does not answer within this time is not ready, whatever it says later. */
const PROBE_TIMEOUT_MS = 3_000
/** Asked more often, the last answer is given again: it costs a write. */
const PROBE_EVERY_MS = 2_000

function workerMetrics(worker: Pick<Worker, 'statistics'>): Metric[] {
  const { gauge, counter } = metricsNamed('tanbiao_ingest_')
  const of = worker.statistics()
  return [
    gauge('broker_subscribed', '1 while payloads can arrive.', one(flag(of.connected))),
    gauge(
      'store_available',
      '0 from a failed write to the next that succeeds.',
      one(flag(of.storeAvailable)),
    ),
    gauge('waiting_payloads', 'Payloads in memory that wait for the store.', one(of.queued)),
    gauge('waiting_bytes', 'Their length.', one(of.queuedBytes)),
    counter('received_payloads', 'Payloads of readings and gaps that arrived.', one(of.received)),
    counter('committed_payloads', 'Payloads committed, repeated ones too.', one(of.committedPayloads)),
    counter('committed_readings', 'Readings of these that are stored.', one(of.committedReadings)),
    counter('receipts', 'Receipts that were made, and what became of them.', [
      [{ sent: 'true' }, of.committedPayloads - of.receiptsUnsent],
      [{ sent: 'false' }, of.receiptsUnsent],
    ]),
    counter('refused_readings', 'Readings that went to quarantine alone.', one(of.refused)),
    counter('quarantined_payloads', 'Payloads that went to quarantine as a whole.', one(of.quarantined)),
    counter(
      'dropped_payloads',
      'Payloads not taken for want of room, or given up; gateways send them again.',
      one(of.dropped),
    ),
    counter(
      'withheld_payloads',
      'Payloads without a receipt because the clock here seems to be behind; gateways send them again.',
      one(of.withheld),
    ),
    gauge(
      'clock_doubted',
      '1 while nearly all gateways are ahead of the clock here.',
      one(flag(of.clockComplaint !== undefined)),
    ),
    counter('coalesced_payloads', 'Payloads that came while they were waiting already.', one(of.coalesced)),
    counter('states', 'State messages of gateways, and whether they were valid.', [
      [{ valid: 'true' }, of.states],
      [{ valid: 'false' }, of.statesRefused],
    ]),
  ]
}

function booksMetrics(books: NonNullable<OperationsParts['books']>, clock: Clock): Metric[] {
  const { gauge, counter } = metricsNamed('tanbiao_books_')
  const counts = books.counts()
  const followedMs = books.followedUntilMs()
  return [
    gauge('quarantined', 'Entries in quarantine.', one(counts.quarantined)),
    gauge(
      'quarantine_overflow',
      'Refusals beyond the bounds of quarantine: counted, and not kept.',
      one(books.quarantineOverflow().reduce((sum, { refusals }) => sum + refusals, 0)),
    ),
    gauge('gaps', 'Stretches that gateways declared lost.', one(counts.gaps)),
    gauge(
      'open_gaps',
      'Gap entries of each kind that nothing has filled and nobody has accepted.',
      gapKindNames.map((kind) => [{ kind }, counts.openGaps[kind]]),
    ),
    gauge(
      'missing_batches',
      'Numbers of batches that neither arrived nor were declared or accepted as lost.',
      one(counts.missingBatches),
    ),
    gauge('dirty_windows', 'Stretches of meters’ time to be computed again.', one(counts.dirtyWindows)),
    gauge(
      'oldest_dirty_timestamp_seconds',
      'Begin of the oldest of these.',
      one(counts.oldestDirtyMs === undefined ? undefined : counts.oldestDirtyMs / 1_000),
    ),
    gauge(
      'days_to_copy',
      'Days of meters with finished intervals that are not copied beside the readings yet.',
      one(counts.daysToCopy),
    ),
    counter(
      'interval_revisions',
      'Revisions of intervals written since the start.',
      one(counts.revisionsWritten),
    ),
    gauge(
      'followed_age_seconds',
      'Age of the newest commit record that the books know.',
      one(followedMs === 0 ? undefined : (clock.wallMs() - followedMs) / 1_000),
    ),
  ]
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What `serve`, or a worker beside it, tells those who watch over it. */
export function operationsOf(parts: OperationsParts): Operations {
  const { store, books, clock, processMetrics, worker, lostBatches, isStopping } = parts
  let probed: { readonly atMs: number; readonly found: Promise<Complaint[]> } | undefined

  async function probe(): Promise<Complaint[]> {
    const found: Complaint[] = []
    const timeout = new AbortController()
    const tooLate = clock.sleep(PROBE_TIMEOUT_MS, timeout.signal).then(
      () => `it did not take a write within ${PROBE_TIMEOUT_MS / 1_000} s`,
      () => undefined,
    )
    const written = store.probe(clock.wallMs()).then(() => undefined, wordsOf)
    const complaint = await Promise.race([written, tooLate])
    timeout.abort(new Error('answered'))
    if (complaint !== undefined) found.push({ about: 'store', what: complaint })
    try {
      books?.probe()
    } catch (error) {
      found.push({ about: 'books', what: wordsOf(error) })
    }
    return found
  }

  /** Books that cannot be read are a matter of readiness; the other figures are wanted then more than ever. */
  function ofBooks(): Metric[] {
    try {
      return books === undefined ? [] : booksMetrics(books, clock)
    } catch (error) {
      if (error instanceof Fault) return []
      throw error
    }
  }

  const ofLost = (): Metric =>
    metricsNamed('tanbiao_store_').gauge(
      'lost_batches',
      'Batches of the last day that were acknowledged and that the store does not hold any more.',
      one(lostBatches?.()),
    )

  return {
    metrics: () => {
      const running = worker()
      return prometheusText([
        ...(running === undefined ? [] : workerMetrics(running)),
        ...store.metrics(),
        ofLost(),
        ...ofBooks(),
        ...processMetrics(),
      ])
    },
    complaints: async () => {
      if (isStopping()) return [{ about: 'server', what: 'it is stopping' }]
      const nowMs = clock.monotonicMs()
      if (probed === undefined || nowMs - probed.atMs >= PROBE_EVERY_MS)
        probed = { atMs: nowMs, found: probe() }
      const running = worker()
      const doubt = running?.statistics().clockComplaint
      const clockIs: Complaint[] = doubt === undefined ? [] : [{ about: 'clock', what: doubt }]
      const broker: Complaint[] =
        running === undefined
          ? [{ about: 'broker', what: 'not asked yet: the server is starting' }]
          : running.statistics().connected
            ? []
            : [{ about: 'broker', what: 'no subscription: the broker is away or refuses it' }]
      return [...broker, ...clockIs, ...(await probed.found)]
    },
  }
}
