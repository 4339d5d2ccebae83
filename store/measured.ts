import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Histogram, metricsNamed, one, type Metric } from '#contract/prometheus.ts'
import type { Readings } from '#contract/sample-block.ts'
import type { AppendResult, IntervalCopy, ReadingStore, StoreRetention } from './port.ts'

/** Readings of one write. */
const BATCH_BOUNDS = [1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000]
/** Seconds. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
/** Seconds between an answer of a meter and its commit: from live to a backlog of weeks. */
const LAG_BOUNDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3_600, 86_400, 604_800]

type Call = 'append' | 'commit' | 'query' | 'probe' | 'copy'

/**
 * A store that counts what is asked of it and how long it takes, for metrics. It changes nothing else: every call, answer
 * and fault is that of the store behind it.
 */
export class MeasuredStore implements ReadingStore {
  readonly #store: ReadingStore
  readonly #clock: Clock
  readonly #batches = new Histogram(BATCH_BOUNDS)
  readonly #latencies = { append: new Histogram(LATENCY_BOUNDS), commit: new Histogram(LATENCY_BOUNDS) }
  readonly #lag = new Histogram(LAG_BOUNDS)
  readonly #failures: Record<Call, number> = { append: 0, commit: 0, query: 0, probe: 0, copy: 0 }
  #stored = 0
  #refused = 0
  #newestMs: number | undefined

  #copied = 0

  readonly retention?: StoreRetention
  readonly intervalCopy?: IntervalCopy

  constructor(store: ReadingStore, clock: Clock) {
    if (store.retention !== undefined) this.retention = store.retention
    const { intervalCopy } = store
    if (intervalCopy !== undefined)
      this.intervalCopy = {
        target: intervalCopy.target,
        write: async (stretches) => {
          const result = await this.#counted('copy', () => intervalCopy.write(stretches))
          this.#copied += stretches.reduce((sum, { intervals }) => sum + intervals.length, 0)
          return result
        },
      }
    this.#store = store
    this.#clock = clock
  }

  async append(readings: Readings): Promise<AppendResult> {
    const result = await this.#timed('append', () => this.#store.append(readings))
    this.#batches.observe(readings.length)
    this.#stored += result.stored
    this.#refused += result.refused.length
    return result
  }

  async appendCommits(records: readonly CommitRecord[]): Promise<void> {
    await this.#timed('commit', () => this.#store.appendCommits(records))
    for (const { committedAtMs, touched } of records) {
      if (touched.length === 0) continue
      const newestMs = Math.max(...touched.map(({ toMs }) => toMs))
      this.#newestMs = Math.max(this.#newestMs ?? 0, newestMs)
      // A gateway's clock may be ahead of ours.
      this.#lag.observe(Math.max(0, committedAtMs - newestMs) / 1_000)
    }
  }

  commitsSince(...given: Parameters<ReadingStore['commitsSince']>): ReturnType<ReadingStore['commitsSince']> {
    return this.#counted('query', () => this.#store.commitsSince(...given))
  }

  readings(...given: Parameters<ReadingStore['readings']>): ReturnType<ReadingStore['readings']> {
    return this.#counted('query', () => this.#store.readings(...given))
  }

  registerSeries(
    ...given: Parameters<ReadingStore['registerSeries']>
  ): ReturnType<ReadingStore['registerSeries']> {
    return this.#counted('query', () => this.#store.registerSeries(...given))
  }

  latest(...given: Parameters<ReadingStore['latest']>): ReturnType<ReadingStore['latest']> {
    return this.#counted('query', () => this.#store.latest(...given))
  }

  probe(nowMs: number): Promise<void> {
    return this.#counted('probe', () => this.#store.probe(nowMs))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  metrics(): Metric[] {
    const { gauge, counter, histogram } = metricsNamed('tanbiao_store_')
    const { append, commit } = this.#latencies
    return [
      histogram('append_batch_readings', 'Readings of one write.', this.#batches),
      histogram('append_seconds', 'Time of a write of readings, until they are durable.', append),
      histogram('commit_seconds', 'Time of a write of commit records, until they are durable.', commit),
      histogram(
        'lag_seconds',
        'From the newest reading of a payload until its commit; backlog counts too.',
        this.#lag,
      ),
      gauge(
        'newest_reading_timestamp_seconds',
        'Time of the newest reading committed since the start.',
        one(this.#newestMs === undefined ? undefined : this.#newestMs / 1_000),
      ),
      counter('readings', 'Readings written, those that were there already too.', one(this.#stored)),
      counter('refused_readings', 'Readings that the store refused for themselves.', one(this.#refused)),
      counter(
        'copied_intervals',
        'Finished intervals written beside the readings, for others to look at.',
        one(this.#copied),
      ),
      counter(
        'failures',
        'Calls that failed as a whole.',
        Object.entries(this.#failures).map(([call, count]) => [{ call }, count] as const),
      ),
    ]
  }

  async #timed<T>(call: 'append' | 'commit', work: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonicMs()
    const result = await this.#counted(call, work)
    this.#latencies[call].observe((this.#clock.monotonicMs() - startedMs) / 1_000)
    return result
  }

  async #counted<T>(call: Call, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      this.#failures[call] += 1
      throw error
    }
  }
}
