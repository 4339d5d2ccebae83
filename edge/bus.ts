import type { Clock } from '#contract/clock.ts'
import type { Fault } from '#contract/fault.ts'
import type { BadCause } from '#contract/reading.ts'
import type { PendingRequest, SlotCounts } from './agenda.ts'
import { DueQueue, type LineUse, type QueuedMeter, type Turn } from './due-queue.ts'
import type { ReadQuery } from './modbus/frame.ts'
import type { Outcome } from './patience.ts'

/** The registers that were asked for, all of them; or why there are none. */
export type Answer =
  | { readonly words: Uint16Array; readonly cause?: never; readonly fault?: never }
  | { readonly words?: never; readonly cause: BadCause; readonly fault: Fault }

/**
 * A line to meters. No more calls of `read` may overlap than it takes at once: a Bus sees to it. A failure is an answer,
 * given at the latest after twice the timeout (once to connect, for a serial device 5 s at least, once to read); it
 * rejects only when the signal is aborted.
 */
export interface Line {
  /** 1 where it does not say. */
  readonly requestsAtOnce?: number
  /**
   * @param withinMs how long after the request the unit may answer at all, where that is longer than it is waited for
   */
  read(query: ReadQuery, timeoutMs: number, signal: AbortSignal, withinMs?: number): Promise<Answer>
  close(): void
}

/** A meter on a bus. */
export interface BusMember extends QueuedMeter {
  readonly meter: string
  readonly unit: number
  /** Takes the answer to a request of its agenda, and tells the agenda. Must not throw. */
  answered(pending: PendingRequest, answer: Answer): void
}

/** What a bus has done since its start, and what became of the slots of its meters. */
export interface BusCounts extends LineUse {
  readonly meters: ReadonlyMap<string, SlotCounts>
}

interface Membership {
  readonly signal: AbortSignal
  readonly failed: (error: unknown) => void
}

/**
 * The one owner of a line: as many requests are on it as it takes, mostly one, and the next follows as soon as an answer
 * is there. Whose turn it is says the DueQueue.
 */
export class Bus {
  readonly #line: Line
  readonly #clock: Clock
  readonly #queue: DueQueue<BusMember>
  readonly #members = new Map<BusMember, Membership>()
  #serving = false
  #underWay = 0
  /** Ends the wait for the next turn, where there is one. */
  #wake: () => void = () => undefined

  constructor(line: Line, clock: Clock) {
    this.#line = line
    this.#clock = clock
    this.#queue = new DueQueue(clock)
  }

  get counts(): BusCounts {
    const members = [...this.#members.keys()]
    return {
      ...this.#queue.use,
      meters: new Map(members.map(({ meter, agenda }) => [meter, agenda.counts])),
    }
  }

  /**
   * Asks a meter whenever it is due, from now until the signal is aborted; then resolves, and the member hears nothing
   * any more. Others go on.
   */
  poll(member: BusMember, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return resolve()
      // Its own: a signal that many reads of many meters listen to is slow to listen to.
      const leaving = new AbortController()
      const leave = (): void => {
        leaving.abort(signal.reason)
        this.#members.delete(member)
        this.#queue.leave(member)
        this.#wake()
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#members.set(member, { signal: leaving.signal, failed: reject })
      this.#queue.join(member)
      this.#wake()
      if (!this.#serving) void this.#serve()
    })
  }

  /** Gives the line up. */
  close(): void {
    this.#line.close()
  }

  async #serve(): Promise<void> {
    this.#serving = true
    try {
      while (this.#members.size > 0) {
        const turn = this.#underWay < (this.#line.requestsAtOnce ?? 1) ? this.#queue.next() : undefined
        if (typeof turn === 'object') void this.#take(turn)
        else await this.#wait(turn)
      }
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#serving = false
    }
  }

  #fail(error: unknown): void {
    for (const { failed } of this.#members.values()) failed(error)
    this.#members.clear()
  }

  /** Waits until an answer came, or a meter joins or leaves; not longer than that, where a time is given. */
  #wait(durationMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const callOff = durationMs === undefined ? () => undefined : this.#clock.after(durationMs, resolve)
      this.#wake = () => {
        callOff()
        resolve()
      }
    })
  }

  async #take(turn: Turn<BusMember>): Promise<void> {
    this.#underWay += 1
    try {
      await this.#ask(turn)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#underWay -= 1
      this.#wake()
    }
  }

  async #ask(turn: Turn<BusMember>): Promise<void> {
    const { meter: member, pending, grant } = turn
    const membership = this.#members.get(member)
    if (membership === undefined) return
    const { function: code, address, quantity } = pending.request
    const query = { unit: member.unit, function: code, address, quantity }
    const startedMs = this.#clock.monotonicMs()
    let answer: Answer
    try {
      answer = await this.#line.read(query, grant.timeoutMs, membership.signal, member.timeoutMs)
    } catch (error) {
      if (membership.signal.aborted) return
      throw error
    }
    this.#queue.ended(turn, outcomeOf(answer), this.#clock.monotonicMs() - startedMs)
    if (this.#members.has(member)) member.answered(pending, answer)
  }
}

/** What an answer says of the meter's place on the line: an exception is an answer. */
function outcomeOf({ cause }: Answer): Outcome {
  if (cause === 'disconnected') return 'disconnected'
  if (cause === 'gateway-target') return 'gateway'
  return cause === 'timeout' || cause === 'frame-invalid' || cause === 'gateway-path' ? 'silent' : 'answered'
}
