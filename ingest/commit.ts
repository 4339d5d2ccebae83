import type { BaseLogger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { ReceiptMessage } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { SampleBlock } from '#contract/sample-block.ts'
import type { ReadingStore } from '#store/port.ts'
import { backoffMs, pause } from './backoff.ts'
import { watchClock } from './clock-doubt.ts'
import type { Decompressed } from './decompression.ts'
import { receiptsOf } from './receipts.ts'
import type { Judged, Outcome } from './record.ts'
import { takeGroup } from './take-group.ts'
import { validate, type Verdict } from './validate.ts'
import { PAYLOADS_PER_TURN, Waiting, type Delivery } from './waiting.ts'
import { writeGroup } from './write.ts'

/** Groups under way at once: while the store takes two, the next is judged and written out. */
const GROUPS_UNDER_WAY = 3
/** Under load a group fills for at most this long, and for no longer than the last write took. */
const GATHER_MS_MAX = 25
/** It is under way once nothing has come for this long. */
const GATHER_STEP_MS = 1
/** While the store is away: from a quick retry to one in ten seconds. */
const STORE_BACKOFF = { firstMs: 200, maxMs: 10_000 }

export interface CommitStatistics {
  /** Payloads with a commit record; the same payload counts each time it is committed. */
  readonly committedPayloads: number
  readonly committedReadings: number
  /** Readings that went to quarantine. */
  readonly refused: number
  /** Payloads that went to quarantine as a whole. */
  readonly quarantined: number
  /** Payloads not taken for want of room, or given up; their gateways send them again. */
  readonly dropped: number
  /** Payloads that were waiting already when they came again. */
  readonly coalesced: number
  readonly queued: number
  readonly queuedBytes: number
  /** Payloads that got no receipt because our own clock seems to be behind; their gateways send them again. */
  readonly withheld: number
  /** What speaks against our clock; undefined where nothing does. */
  readonly clockComplaint: string | undefined
  /** False from a failed write to the next successful one. */
  readonly storeAvailable: boolean
}

export interface Committer {
  /** Takes a payload in, or drops it where the bounds are reached. Never waits. */
  offer(delivery: Delivery): void
  /** Commits what waits, for at most that long and not beyond a store failure, then ends. */
  stop(graceMs: number): Promise<void>
  statistics(): CommitStatistics
}

export interface CommitterOptions {
  readonly park: Park
  readonly store: ReadingStore
  readonly clock: Clock
  readonly random: () => number
  readonly log: BaseLogger
  /** Sends a receipt, or lets it be where there is no connection: the gateway will ask again. */
  readonly sendReceipt: (receipt: ReceiptMessage) => void
  /** Whether the clock is right: see ingest/clock-doubt.ts. By default nobody knows. */
  readonly isClockKept?: (() => boolean | undefined) | undefined
  /** The clock is right, whatever gateways say. */
  readonly trustsClock?: boolean | undefined
  /** Told of what was committed, after its receipts. Must not wait. */
  readonly onCommitted?: ((records: readonly CommitRecord[]) => void) | undefined
}

/** Of the memory of its readings, which nobody looks into again. */
function letGo({ readings }: Verdict): void {
  if (readings instanceof SampleBlock) readings.release()
}

/**
 * The only place that acknowledges readings. Per group of payloads, in this order, always:
 * readings, commit records, receipts. A crash between two of these is healed by the gateway sending again, because
 * writing twice is writing once.
 */
export function startCommitter({
  park,
  store,
  clock,
  random,
  log,
  sendReceipt,
  isClockKept = () => undefined,
  trustsClock = false,
  onCommitted,
}: CommitterOptions): Committer {
  const waiting = new Waiting()
  const abort = new AbortController()
  let stopping = false
  let storeAvailable = true
  /** While one group gathers, the other does not take away what would join it. */
  let gathering: Promise<void> | undefined
  /** Groups under way that hold backlog. */
  let withBacklog = 0
  /** The group of live payloads that has overtaken them. */
  let overtaking: Promise<void> | undefined
  let lastWrite = { endedMs: 0, tookMs: 0 }
  const doubt = watchClock({ clock, isClockKept })
  let isDoubted = false
  const counts = {
    withheld: 0,
    committedPayloads: 0,
    committedReadings: 0,
    refused: 0,
    quarantined: 0,
    dropped: 0,
    coalesced: 0,
  }

  /** Judging cannot fail; if it does, that payload alone must suffer, not the loop that serves all. */
  function judge(delivery: Delivery, text: Decompressed | undefined): Judged | undefined {
    const { payload, topic, digest, receivedMs } = delivery
    try {
      const verdict = validate(payload, topic, park, receivedMs, { text })
      if (trustsClock || !doubt.withholds(topic, verdict)) return { delivery, verdict }
      counts.withheld += 1
      letGo(verdict)
      waiting.release(delivery)
      clockComplaint()
      return undefined
    } catch (error) {
      log.error(
        { err: error, gateway: topic.gateway, digest },
        'a payload cannot be judged; it has no receipt',
      )
      giveUp([delivery])
      return undefined
    }
  }

  /**
   * Lets payloads join the first one where the last write has only just ended: a flush of the disk costs as much for
   * one as for many. Where little comes nothing waits, nor where as many wait as a turn has.
   */
  async function gather(): Promise<void> {
    const untilMs = lastWrite.endedMs + Math.min(lastWrite.tookMs, GATHER_MS_MAX)
    for (let count = 0; count < waiting.count && waiting.count < PAYLOADS_PER_TURN;) {
      if (stopping || clock.monotonicMs() >= untilMs) return
      count = waiting.count
      await pause(clock, GATHER_STEP_MS, abort.signal)
    }
  }

  async function write(group: readonly Judged[]): Promise<void> {
    const startedMs = clock.monotonicMs()
    const outcomes = await writeGroup(group, store, clock, abort.signal)
    const endedMs = clock.monotonicMs()
    lastWrite = { endedMs, tookMs: endedMs - startedMs }
    if (outcomes === undefined) return
    if (!storeAvailable) log.info('the store takes readings again')
    storeAvailable = true
    for (const outcome of outcomes) settle(outcome)
    for (const receipt of receiptsOf(outcomes)) sendReceipt(receipt)
    for (const { verdict } of group) letGo(verdict)
    try {
      onCommitted?.(outcomes.map(({ record }) => record))
    } catch (error) {
      log.error({ err: error }, 'what was committed could not be told of')
    }
  }

  function settle({ delivery, record, receipt }: Outcome): void {
    counts.committedPayloads += 1
    counts.committedReadings += record.stored
    if (receipt.outcome === 'quarantined') counts.quarantined += 1
    else counts.refused += receipt.refused
    waiting.release(delivery)
  }

  function giveUp(deliveries: readonly Delivery[]): void {
    counts.dropped += deliveries.length
    for (const delivery of deliveries) waiting.release(delivery)
  }

  /** Until it is written, or until nothing more is to be tried. */
  async function commit(group: readonly Judged[]): Promise<void> {
    for (let attempt = 0; !abort.signal.aborted; attempt += 1) {
      try {
        return await write(group)
      } catch (error) {
        if (!(error instanceof Fault && error.retryable)) return await commitAlone(group, error)
        if (storeAvailable)
          log.warn({ err: error }, 'the store is away; nothing is acknowledged until it is back')
        storeAvailable = false
        if (stopping) break
        await pause(clock, backoffMs(STORE_BACKOFF, attempt, random), abort.signal)
      }
    }
    giveUp(group.map(({ delivery }) => delivery))
  }

  /** An error that trying again does not mend must not block the neighbours of the payload that causes it. */
  async function commitAlone(group: readonly Judged[], error: unknown): Promise<void> {
    if (group.length > 1) {
      for (const judged of group) await commit([judged])
      return
    }
    const { topic, digest } = group[0]?.delivery ?? {}
    log.error(
      { err: error, gateway: topic?.gateway, digest },
      'a payload cannot be committed; it has no receipt',
    )
    giveUp(group.map(({ delivery }) => delivery))
  }

  /** What speaks against our clock; said in the log when it begins and when it ends. */
  function clockComplaint(): string | undefined {
    const complaint = trustsClock ? undefined : doubt.complaint()
    if (complaint !== undefined && !isDoubted)
      log.error(
        { clock: new Date(clock.wallMs()).toISOString() },
        `${complaint}: what lies ahead has no receipt and stays with its gateway; set the clock of the server`,
      )
    if (complaint === undefined && isDoubted) log.info('the clock here is no longer in doubt')
    isDoubted = complaint !== undefined
    return complaint
  }

  /**
   * Where all groups under way hold backlog, live payloads do not wait for them: they have a group more. However large the
   * backlog and however slow the store, new readings wait for what others of them are being written.
   */
  function overtake(): void {
    if (overtaking !== undefined || stopping) return
    if (withBacklog < GROUPS_UNDER_WAY || waiting.liveCount === 0) return
    overtaking = (async () => {
      await pause(clock, GATHER_STEP_MS, abort.signal)
      const group = takeGroup({ waiting, judge, take: () => waiting.takeLive() })
      if (group.length > 0) await commit(group)
    })().finally(() => {
      overtaking = undefined
      overtake()
    })
  }

  async function commitInTurn(group: readonly Judged[]): Promise<void> {
    const isBacklog = group.some(({ delivery }) => delivery.topic.leaf === 'backlog')
    if (!isBacklog) return commit(group)
    withBacklog += 1
    overtake()
    try {
      await commit(group)
    } finally {
      withBacklog -= 1
    }
  }

  async function run(): Promise<void> {
    while (!abort.signal.aborted) {
      await (stopping ? undefined : waiting.filled())
      if (gathering !== undefined) {
        await gathering
        continue
      }
      gathering = gather()
      await gathering
      gathering = undefined
      const group = takeGroup({ waiting, judge, take: () => waiting.take() })
      if (group.length > 0) await commitInTurn(group)
      else if (stopping) return
    }
  }
  const ended = Promise.all(Array.from({ length: GROUPS_UNDER_WAY }, run))

  return {
    offer: (delivery) => {
      const taken = stopping ? 'dropped' : waiting.offer(delivery)
      if (taken === 'dropped') counts.dropped += 1
      if (taken === 'coalesced') counts.coalesced += 1
      if (taken === 'queued') overtake()
    },
    stop: async (graceMs) => {
      stopping = true
      waiting.wake()
      const graceEnds = new AbortController()
      try {
        await Promise.race([Promise.all([ended, overtaking]), pause(clock, graceMs, graceEnds.signal)])
      } finally {
        graceEnds.abort()
        abort.abort(new Error('stopped'))
      }
    },
    statistics: () => ({
      ...counts,
      queued: waiting.count,
      queuedBytes: waiting.bytes,
      storeAvailable,
      clockComplaint: clockComplaint(),
    }),
  }
}
