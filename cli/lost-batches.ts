import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { Fault, faultText } from '#contract/fault.ts'
import type { Command } from '#contract/messages.ts'
import { pause } from '#ingest/backoff.ts'
import type { Books, CommittedBatch, NumberRange, ReadingStore } from '#store/port.ts'

/**
 * Batches that the books know and the store does not hold any more, and those that never arrived though later ones have, as
 * where store and books were put back from an older copy. Commit records are written behind the readings of their
 * batch, so where one is gone, they may be too: an InfluxDB that died twice (store/README.md), or a store that was
 * put back without its books. Gateways keep a batch for a day after its receipt, unless told otherwise, and send it again
 * when they are asked.
 */

const LOOKED_BACK_MS = DAY_MS
/** So many of the newest batches are looked for: seconds. */
const BATCHES_MAX = 20_000
/** Read in one go, some tens of milliseconds. */
const PAGE = 500

interface Kept {
  readonly store: Pick<ReadingStore, 'commitsSince' | 'retention'>
  readonly books: Pick<Books, 'batchesSince'>
}

export interface LookedFor {
  readonly looked: readonly CommittedBatch[]
  readonly lost: readonly CommittedBatch[]
}

/** Looks for the batches of the last day. Throws what the store and the books throw. */
export async function findLost({ store, books }: Kept, nowMs: number): Promise<LookedFor> {
  const { retention } = store
  const keptMs = (retention?.by === 'server' ? await retention.keptMs() : undefined) ?? Infinity
  // What the server is about to let go of is not lost.
  const looked = books.batchesSince(nowMs - Math.min(LOOKED_BACK_MS, keptMs - HOUR_MS), BATCHES_MAX)
  const oldestMs = looked.at(-1)?.committedAtMs
  if (oldestMs === undefined) return { looked, lost: [] }
  const held = await namesSince(store, oldestMs)
  return { looked, lost: looked.filter((batch) => !held.has(nameOf(batch))) }
}

type Named = Pick<CommittedBatch, 'gateway' | 'epoch' | 'digest'> & { readonly seq: number | null }

const nameOf = ({ gateway, epoch, seq, digest }: Named): string =>
  `${gateway} ${epoch ?? ''} ${epoch === null ? 0 : (seq ?? 0)} ${digest}`

async function namesSince(store: Kept['store'], oldestMs: number): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  let [fromMs, limit] = [oldestMs, PAGE]
  for (;;) {
    const page = await store.commitsSince(fromMs, limit)
    for (const record of page) names.add(nameOf(record))
    const newestMs = page.at(-1)?.committedAtMs ?? fromMs
    // The end is where nothing is newer; a store may drop repeated records from a page.
    if (newestMs > fromMs) fromMs = newestMs
    else if (page.length >= limit / 2) limit *= 2
    else return names
    await turn()
  }
}

export interface JournalRange extends NumberRange {
  readonly gateway: string
  readonly epoch: string
}

/** Their numbers, those that follow one another as one, but for batches that came without. */
export function rangesOf(batches: readonly CommittedBatch[]): JournalRange[] {
  const journals = Map.groupBy(batches, ({ gateway, epoch }) => `${gateway} ${epoch ?? ''}`)
  return [...journals.values()].flatMap((found) => {
    const ranges: { gateway: string; epoch: string; firstSeq: number; lastSeq: number }[] = []
    for (const { gateway, epoch, seq } of found.toSorted((a, b) => a.seq - b.seq)) {
      const open = ranges.at(-1)
      if (epoch === null || open?.lastSeq === seq) continue
      if (open?.lastSeq === seq - 1) open.lastSeq = seq
      else ranges.push({ gateway, epoch, firstSeq: seq, lastSeq: seq })
    }
    return ranges
  })
}

export interface LostBatchesParts extends Kept {
  readonly books: Pick<Books, 'batchesSince' | 'unfilledGaps' | 'absentBatches'>
  readonly clock: Clock
  readonly log: Logger
  /** Sends a command to its gateway. False where it cannot be sent now. */
  readonly command: (given: Command) => boolean
}

/** Everybody who has just started has something more urgent to do. */
const FIRST_AFTER_MS = 30_000
const LOOK_EVERY_MS = HOUR_MS
/** While some are lost: a gateway may have been off line, or is sending. */
const LOOK_AGAIN_MS = 10 * 60_000
/** What a gateway sends again for one command (edge/command.ts); fewer, so that an answer comes soon. */
const NUMBERS_AT_ONCE = 5_000
/** Commands of one look. */
const COMMANDS_MAX = 500
/** Ranges of numbers in one line of the log. */
const NAMED_MAX = 20

/** A gateway that keeps batches for longer after their receipts is rare, and a hole that nothing fills is asked for so long. */
const HOLES_ASKED_FOR_MS = 7 * DAY_MS

/** Has gateways send again what the store has lost, and what it never had. */
export class LostBatches {
  readonly #parts: LostBatchesParts
  #lost: number | undefined

  /** How many batches of the last day the store had lost at the last look; undefined before the first one. */
  get lost(): number | undefined {
    return this.#lost
  }

  constructor(parts: LostBatchesParts) {
    this.#parts = parts
  }

  /** Looks until the signal ends it. A store that is away is looked into the next time. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    for (let waitMs = FIRST_AFTER_MS; ;) {
      await pause(clock, waitMs, signal)
      if (signal.aborted) return
      try {
        waitMs = (await this.look()) === 0 ? LOOK_EVERY_MS : LOOK_AGAIN_MS
      } catch (error) {
        // Whatever it is, it is no reason for the server to stop.
        const known = error instanceof Fault ? { code: error.code } : { err: error }
        const words = error instanceof Fault ? faultText(error) : String(error)
        log.warn(known, `whether the store has lost anything is not known: ${words}`)
        waitMs = LOOK_AGAIN_MS
      }
    }
  }

  /** Looks once, and asks for what is lost. Gives how many batches are. Throws what the store and the books throw. */
  async look(): Promise<number> {
    const { clock, log, command } = this.#parts
    const nowMs = clock.wallMs()
    const { lost } = await findLost(this.#parts, nowMs)
    this.#lost = lost.length
    const wanted = [...rangesOf(lost), ...this.#holes(nowMs)].flatMap(parts).slice(0, COMMANDS_MAX)
    const asked = wanted.filter(({ gateway, ...resend }) =>
      command({ v: 1, id: randomUUID(), gateway, kind: 'resend', issuedAtMs: nowMs, resend }),
    )
    const told = { asked: asked.slice(0, NAMED_MAX) }
    if (lost.length > 0)
      log.error(
        { batches: lost.length, ...told },
        'the store has lost batches that it had acknowledged; their gateways are asked to send them again',
      )
    else if (asked.length > 0) log.info(told, 'gateways are asked for batches that have not arrived')
    return lost.length
  }

  /** Numbers that have been missing for some minutes and of which nobody has said that they may. */
  #holes(nowMs: number): JournalRange[] {
    const { books } = this.#parts
    return books.unfilledGaps().flatMap(({ kind, state, gateway, epoch, first, last, openedMs }) => {
      if (kind !== 'batches' || state !== 'open' || epoch === undefined) return []
      if (nowMs - openedMs > HOLES_ASKED_FOR_MS) return []
      const absent = books.absentBatches(gateway, epoch, { firstSeq: first, lastSeq: last })
      return absent.map((range) => ({ gateway, epoch, ...range }))
    })
  }
}

function parts(range: JournalRange): JournalRange[] {
  const { firstSeq, lastSeq } = range
  const count = Math.ceil((lastSeq - firstSeq + 1) / NUMBERS_AT_ONCE)
  return Array.from({ length: count }, (_, index) => {
    const from = firstSeq + index * NUMBERS_AT_ONCE
    return { ...range, firstSeq: from, lastSeq: Math.min(lastSeq, from + NUMBERS_AT_ONCE - 1) }
  })
}
