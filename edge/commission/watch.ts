import type { Clock } from '#contract/clock.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading, UsableReading } from '#contract/reading.ts'
import type { BusDescription } from '#firmware-config/gateway.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import type { Line } from '../bus.ts'
import { slept } from '../deadline.ts'
import { decode, unanswered } from '../decode.ts'
import { Asker } from './asker.ts'
import { requestsOf } from './meter-requests.ts'

/** Live values of meters, for a person who watches: polled one meter after the other, on lines of our own. */

export interface WatchedMeter {
  readonly meter: string
  readonly unit: number
  readonly map: RegisterMap
  readonly quantities: readonly QuantityName[] | undefined
}

/** The meters of one line. */
export interface WatchedLine {
  readonly transport: BusDescription['transport']
  readonly timeoutMs: number
  readonly meters: readonly WatchedMeter[]
}

/** One quantity as it stands. */
export interface LiveValue {
  readonly quantity: QuantityName
  /** The last reading, which may be bad. */
  readonly latest: Reading
  /** The last value that was read, kept beside a later failure. */
  readonly value: UsableReading | undefined
}

/** One meter as it stands. */
export interface LiveMeter {
  readonly meter: string
  readonly unit: number
  readonly profile: string
  readonly values: readonly LiveValue[]
  /** Of the last request that was answered. */
  readonly latencyMs: number | undefined
  /** Of the last requests, `RECENT` at most: the share that was not answered with registers, 0 to 1. */
  readonly errorRate: number
  readonly requests: number
}

/** The error rate is that of about the last minute at the usual poll rates. */
const RECENT = 60
/** A line that could not be opened is tried again after this pause. */
const REOPEN_PAUSE_MS = 1_000

class MeterRecord {
  readonly watched: WatchedMeter
  readonly #values = new Map<QuantityName, LiveValue>()
  readonly #failed: boolean[] = []
  #latencyMs: number | undefined
  #requests = 0

  constructor(watched: WatchedMeter) {
    this.watched = watched
  }

  take(readings: readonly Reading[], answered: boolean, latencyMs: number): void {
    this.#requests += 1
    this.#failed.push(!answered)
    if (this.#failed.length > RECENT) this.#failed.shift()
    if (answered) this.#latencyMs = latencyMs
    for (const latest of readings) {
      const { quantity } = latest
      const value = latest.quality === 'bad' ? this.#values.get(quantity)?.value : latest
      this.#values.set(quantity, { quantity, latest, value })
    }
  }

  now(): LiveMeter {
    const { meter, unit, map } = this.watched
    return {
      meter,
      unit,
      profile: map.id,
      values: [...this.#values.values()],
      latencyMs: this.#latencyMs,
      errorRate: this.#failed.filter(Boolean).length / Math.max(1, this.#failed.length),
      requests: this.#requests,
    }
  }
}

export interface Watch {
  /** The meters as they stand, in the order in which they were given. */
  now(): readonly LiveMeter[]
  /** Resolves when the signal was aborted; rejects with the Fault of a line that could not be opened at the start. */
  readonly ended: Promise<void>
}

export interface WatchOptions {
  readonly lines: readonly WatchedLine[]
  /** From the beginning of one round to that of the next. */
  readonly everyMs: number
  readonly open: (transport: WatchedLine['transport']) => Line
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Polls all meters until the signal is aborted. After a request without answer a meter is not asked for more in that round. */
export function watch(options: WatchOptions): Watch {
  const records = options.lines.map(({ meters }) => meters.map((meter) => new MeterRecord(meter)))
  const polls = options.lines.map((line, index) => pollLine(line, records[index] ?? [], options))
  return {
    now: () => records.flat().map((record) => record.now()),
    ended: Promise.all(polls).then(() => undefined),
  }
}

async function pollLine(
  { transport, timeoutMs }: WatchedLine,
  records: readonly MeterRecord[],
  { open, clock, everyMs, signal }: WatchOptions,
): Promise<void> {
  const asker = new Asker(open(transport), { transport, clock, timeoutMs })
  let everOpened = false
  try {
    while (!signal.aborted) {
      const startedMs = clock.monotonicMs()
      for (const record of records) {
        const outcome = await pollMeter(record, asker, clock, signal)
        if (outcome.lost === undefined) everOpened = true
        else if (!everOpened) throw outcome.lost
        else await clock.sleep(REOPEN_PAUSE_MS, signal)
      }
      const restMs = everyMs - (clock.monotonicMs() - startedMs)
      if (restMs > 0 && !(await slept(clock, restMs, signal))) return
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    asker.close()
  }
}

/** One round of a meter. `lost`: the Fault of a line without connection. */
async function pollMeter(
  record: MeterRecord,
  asker: Asker,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly lost: Error | undefined }> {
  const { meter, unit, map, quantities } = record.watched
  const requests = requestsOf(map, quantities)
  for (const [index, request] of requests.entries()) {
    const { answer, latencyMs } = await asker.ask({ unit, ...request }, signal, map.limits.pauseMs)
    const atMs = clock.wallMs()
    if (answer.words !== undefined) {
      record.take(decode(request, answer.words, atMs, meter, 'good'), true, latencyMs)
      continue
    }
    const { cause } = answer
    const ends = cause === 'disconnected' || cause === 'timeout'
    const failed = ends ? requests.slice(index) : [request]
    record.take(
      failed.flatMap((each) => unanswered(each, cause, atMs, meter)),
      false,
      latencyMs,
    )
    if (ends) return { lost: cause === 'disconnected' ? answer.fault : undefined }
  }
  return { lost: undefined }
}
