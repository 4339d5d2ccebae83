import type { FastifyBaseLogger } from 'fastify'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { MeterId } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { essentialQuantities, type Board } from './board.ts'
import type { ReadingSource } from './sources.ts'

/** How far back a starting server looks for a meter's last usable values and for its poll interval. */
const LOOK_BACK_MS = 15 * 60_000
/** Commits that are remembered, so that telling of one twice costs nothing: the books follow what was told before. */
const REMEMBERED_MAX = 20_000

interface FollowerParts {
  readonly park: Park
  readonly store: ReadingSource
  readonly board: Board
  readonly clock: Clock
  readonly log: FastifyBaseLogger
}

/** Keeps the board level with the store: remembers which meters were touched and reads their newest readings. */
export class Follower {
  readonly #parts: FollowerParts
  readonly #touched: Set<MeterId>
  readonly #unread: Set<MeterId>
  readonly #known = new Set<string>()
  #underWay: Promise<void> | undefined
  #failed = false

  constructor(parts: FollowerParts) {
    this.#parts = parts
    this.#touched = new Set(parts.park.meters.keys())
    this.#unread = new Set(parts.park.meters.keys())
  }

  /**
   * True where one of them brought something to see. A backlog that is older than what is shown changes no value: the
   * readings that come meanwhile need not wait until thousands of its batches were looked at.
   */
  noticeCommits(records: readonly CommitRecord[]): boolean {
    const { board, park, clock } = this.#parts
    let hasNews = false
    for (const record of records) {
      if (!this.#isNew(record)) continue
      board.takeCommit(record, clock.wallMs())
      for (const { meter, toMs } of record.touched) {
        if (!park.meters.has(meter) || !board.mayBeNews(meter, toMs)) continue
        this.#touched.add(meter)
        hasNews = true
      }
    }
    return hasNews
  }

  #isNew({ gateway, epoch, seq, digest, committedAtMs }: CommitRecord): boolean {
    const name = `${gateway} ${epoch} ${seq} ${digest} ${committedAtMs}`
    if (this.#known.has(name)) return false
    this.#known.add(name)
    if (this.#known.size > REMEMBERED_MAX) {
      for (const oldest of this.#known) {
        this.#known.delete(oldest)
        break
      }
    }
    return true
  }

  /** Reads what was touched. A store that cannot be reached is asked again at the next call, and logged once. */
  async catchUp(): Promise<void> {
    // What was touched while a read is under way is not in it.
    while (this.#underWay !== undefined) await this.#underWay
    this.#underWay = this.#read().finally(() => {
      this.#underWay = undefined
    })
    await this.#underWay
  }

  async #read(): Promise<void> {
    if (this.#touched.size === 0 && this.#unread.size === 0) return
    const meters = [...this.#touched]
    this.#touched.clear()
    try {
      for (const meter of this.#unread) {
        await this.#lookBack(meter)
        this.#unread.delete(meter)
      }
      this.#parts.board.takeReadings(await this.#parts.store.latest(meters), this.#parts.clock.wallMs())
      if (this.#failed) this.#parts.log.info('the store answers again')
      this.#failed = false
    } catch (error) {
      for (const meter of meters) this.#touched.add(meter)
      if (!(error instanceof Fault)) throw error
      if (!this.#failed) this.#parts.log.error({ err: error }, 'live values cannot be read; trying again')
      this.#failed = true
    }
  }

  async #lookBack(id: MeterId): Promise<void> {
    const { park, store, board, clock } = this.#parts
    const meter = park.meters.get(id)
    if (meter === undefined) return
    const nowMs = clock.wallMs()
    const period = { fromMs: Math.max(0, nowMs - LOOK_BACK_MS), toMs: nowMs + 1 }
    for (const quantity of essentialQuantities(meter)) {
      board.takeReadings(await store.readings(id, quantity, period), nowMs)
    }
  }
}
