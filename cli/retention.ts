import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { DAY_MS } from '#contract/duration.ts'
import { Fault, faultText } from '#contract/fault.ts'
import { slotStart } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { Books, ReadingStore, StoreRetention } from '#store/port.ts'

export interface RetentionParts {
  readonly store: ReadingStore
  readonly books: Pick<
    Books,
    | 'releaseReadings'
    | 'keptFromMs'
    | 'deletable'
    | 'loseReadings'
    | 'holes'
    | 'unfilledGaps'
    | 'followedUntilMs'
  >
  readonly park: Park
  readonly clock: Clock
  readonly log: Logger
  /** Undefined keeps them for ever. */
  readonly keepDays: number | undefined
}

/** Soon enough for a disk, seldom enough to cost nothing. */
const SWEEP_EVERY_MS = 3_600_000
/** After the start everything else comes first. */
const FIRST_SWEEP_MS = 120_000
/** Rows deleted in one go: some milliseconds. */
const READINGS_AT_ONCE = 2_000

/** Far beyond what the owner of the books reads again, whatever the clocks are. */
const COMMITS_UNPACKED_MS = 3 * DAY_MS
/** So long after their readings may go: books that are restored from a backup of last week learn of all since. */
const COMMITS_BEYOND_MS = 7 * DAY_MS
const SWEEPS_A_DAY = 24

type OwnRetention = StoreRetention & { readonly by: 'owner' }

const daysOf = (ms: number): number => Math.round(ms / DAY_MS)
const keptText = (keptMs: number): string => (keptMs === Infinity ? 'for ever' : `for ${daysOf(keptMs)} days`)

/**
 * Compares what is asked for with what a server of others does by itself. Throws `retention-differs` where it would
 * delete what is to be kept.
 */
export async function checkRetention({ store, log, keepDays }: RetentionParts): Promise<void> {
  const { retention } = store
  if (retention?.by !== 'server') return
  let keptMs: number | undefined
  try {
    keptMs = await retention.keptMs()
  } catch (error) {
    // A store that is away is no reason not to start.
    if (!(error instanceof Fault && error.retryable)) throw error
    return log.warn({ code: error.code }, 'how long the store keeps readings cannot be asked now')
  }
  if (keptMs === undefined) {
    log.warn('how long the server of the store keeps readings cannot be asked; see to it yourself')
    return
  }
  const kept = keptText(keptMs)
  if (keptMs < (keepDays ?? Infinity) * DAY_MS) {
    if (keepDays !== undefined) {
      throw new Fault(
        'retention-differs',
        `The server of the store keeps readings ${kept}, and ${keepDays} days are asked for.`,
      )
    }
    log.warn({ days: daysOf(keptMs) }, 'the server of the store deletes readings that are older')
  } else if (keepDays !== undefined && keptMs > (keepDays + 1) * DAY_MS) {
    log.warn({ asked: keepDays, kept }, 'the server of the store keeps readings longer: set its retention')
  }
}

/** Lets go of old readings, one meter after another, in small pieces. Intervals stay. */
export class Retention {
  readonly #parts: RetentionParts
  /** Packs of commit records up to this one have been looked through; all of them anew once a day. */
  #thinnedTo = 0
  #sweeps = 0
  /** The server deletes what is to be kept, and that was told. */
  #isShort = false

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** Sweeps every hour until the signal ends it. Failures are logged and tried again. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    for (let pauseMs = FIRST_SWEEP_MS; !signal.aborted; pauseMs = SWEEP_EVERY_MS) {
      await clock.sleep(pauseMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      if (signal.aborted) return
      try {
        const deleted = await this.sweep(signal)
        if (deleted > 0) log.info({ deleted }, 'old readings deleted')
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        log.warn({ code: error.code }, faultText(error))
      }
    }
  }

  /** One pass over all meters. Gives how many readings were deleted. */
  async sweep(signal: AbortSignal): Promise<number> {
    const { store, books, park, keepDays } = this.#parts
    const { retention } = store
    if (retention === undefined) return 0
    if (retention.by === 'server') {
      const keptMs = (await retention.keptMs()) ?? Infinity
      this.#tellShort(keptMs)
      await this.#noteServer(keptMs)
      return 0
    }
    await this.#packCommits(retention, signal)
    if (keepDays === undefined) return 0
    let deleted = 0
    const outstanding = this.#outstanding()
    for (const meter of park.meters.values()) {
      await this.#release(meter, keepDays, outstanding)
      // Also what a former run was about to delete.
      const period = books.deletable(meter.id)
      for (let more = period.toMs > period.fromMs; more && !signal.aborted;) {
        const gone = await retention.deleteWithin(meter.id, period, READINGS_AT_ONCE)
        deleted += gone
        more = gone > 0
        await turn()
      }
      if (signal.aborted) return deleted
    }
    await this.#thinCommits(retention, keepDays, signal)
    return deleted
  }

  /** Somebody may change the server's rule at any time: what it deletes by then is not to be had again. */
  #tellShort(keptMs: number): void {
    const { keepDays: asked, log } = this.#parts
    const isShort = asked !== undefined && keptMs < asked * DAY_MS
    if (isShort && !this.#isShort)
      log.error(
        { code: 'retention-differs', asked, kept: keptText(keptMs) },
        'the server of the store deletes readings that are to be kept',
      )
    this.#isShort = isShort
  }

  /** What has been followed for some days is asked for seldom: to trace a reading, or by books that were restored. */
  async #packCommits(retention: OwnRetention, signal: AbortSignal): Promise<void> {
    const beforeMs = this.#followedMs() - COMMITS_UNPACKED_MS
    while (!signal.aborted && (await retention.packCommits(beforeMs)) > 0) await turn()
  }

  /** Commit records go some days after the last of the readings that came with them, for which they are the evidence. */
  async #thinCommits(retention: OwnRetention, keepDays: number, signal: AbortSignal): Promise<void> {
    const { books, clock, park } = this.#parts
    const oldMs = Math.min(this.#followedMs(), clock.wallMs() - keepDays * DAY_MS) - COMMITS_BEYOND_MS
    const goneMs = new Map([...park.meters.keys()].map((meter) => [meter, books.deletable(meter).toMs]))
    const isNeeded = ({ touched }: CommitRecord): boolean =>
      touched.some(({ meter, toMs }) => toMs >= (goneMs.get(meter) ?? oldMs))
    if (this.#sweeps % SWEEPS_A_DAY === 0) this.#thinnedTo = 0
    this.#sweeps += 1
    while (!signal.aborted) {
      const thinned = await retention.thinCommits(this.#thinnedTo, oldMs, isNeeded)
      if (thinned === undefined) return
      this.#thinnedTo = thinned.page
      await turn()
    }
  }

  #followedMs(): number {
    const { books, clock } = this.#parts
    return Math.min(books.followedUntilMs(), clock.wallMs())
  }

  /** Gateways with batches that are still expected: a person may have said of some that they will not come. */
  #outstanding(): ReadonlySet<string> {
    const { books } = this.#parts
    const accepted = books
      .unfilledGaps()
      .filter(({ kind, state }) => kind === 'batches' && state === 'accepted')
    const expected = books
      .holes()
      .filter(
        (hole) =>
          !accepted.some(
            ({ gateway, epoch, first, last }) =>
              gateway === hole.gateway &&
              epoch === hole.epoch &&
              first <= hole.firstSeq &&
              last >= hole.lastSeq,
          ),
      )
    return new Set(expected.map(({ gateway }) => gateway))
  }

  /** Lets a meter's readings go as far as nothing that is still to come may need them. */
  async #release(
    { id: meter, gateway, energyFrom, register, power }: Meter,
    keepDays: number,
    outstanding: ReadonlySet<string>,
  ): Promise<void> {
    const { store, books, clock } = this.#parts
    // Batches that are outstanding bring readings beside those that are here.
    if (gateway !== undefined && outstanding.has(gateway)) return
    const all = (await store.latest([meter])).filter(({ quality }) => quality !== 'bad')
    // A quantity that was given up is no sign of a meter that is silent, as long as that is read on which energy rests.
    const counting = all.filter(({ quantity }) => quantity === (energyFrom === 'power' ? power : register))
    const newest = counting.length > 0 ? counting : all
    if (newest.length === 0) return
    // A meter that is silent may have a gateway that is: its backlog begins where the readings end.
    const silentMs = slotStart(Math.min(...newest.map(({ atMs }) => atMs)))
    const beforeMs = Math.min(slotStart(clock.wallMs() - keepDays * DAY_MS), silentMs)
    for (let reachedMs = books.keptFromMs(meter); ;) {
      const nextMs = books.releaseReadings(meter, beforeMs)
      if (nextMs <= reachedMs) return
      reachedMs = nextMs
      await turn()
    }
  }

  /**
   * What a server has deleted, or is about to within a day, is gone for every interval. Told by the newest reading, because
   * a clock that is ahead for one sweep would give everything up, and there is no way back.
   */
  async #noteServer(keptMs: number): Promise<void> {
    const { store, books, park, clock } = this.#parts
    if (keptMs === Infinity) return
    const meters = [...park.meters.keys()]
    const newestMs = (await store.latest(meters)).reduce((newest, { atMs }) => Math.max(newest, atMs), 0)
    const goneMs = slotStart(Math.min(clock.wallMs(), newestMs) - keptMs) + DAY_MS
    for (const { id, formula } of park.meters.values())
      // What follows from other meters' intervals needs no reading.
      if (formula === undefined) books.loseReadings(id, goneMs)
  }
}
