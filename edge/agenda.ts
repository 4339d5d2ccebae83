import { SLOT_MS } from '#contract/grid.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import type { ReadRequest } from './plan.ts'
import { nextSlotMs } from './schedule.ts'
import { isCumulative, type ReadingTask } from './tasks.ts'

/** A request, and values that are not asked for because the meter refuses them: they are reported with its answer. */
export interface PlannedRequest extends ReadRequest {
  readonly refused?: readonly MappedRegister[]
}

/** boundary: cumulative registers at a quarter of an hour. sheddable: only when nothing else waits. */
const URGENCIES = { boundary: 0, normal: 1, sheddable: 2 } as const
export type Urgency = keyof typeof URGENCIES

export interface PendingRequest {
  readonly request: PlannedRequest
  readonly urgency: Urgency
  /** The oldest slot that it is for, UTC milliseconds. */
  readonly dueMs: number
  readonly serves: readonly TaskState[]
}

/** What became of the slots of a meter's tasks since the start; those under way are in `wanted` alone. */
export interface SlotCounts {
  /** Slots that came. */
  readonly wanted: number
  /** All of it was answered. */
  readonly read: number
  /** It was asked, and something was not answered. */
  readonly failed: number
  /** Skipped because the line had no time. */
  readonly missed: number
  /** Skipped because the meter does not answer, or takes the line's time from the others. */
  readonly held: number
}

interface TaskState {
  readonly task: ReadingTask
  nextMs: number
  /** The slot that is being read, or was last. */
  slotMs: number
  /** A slot that came while an older one was still being read. */
  queuedMs: number | undefined
  /** Requests that are still to be answered for the open slot. */
  open: number
  failed: boolean
  missedInRow: number
}

type Share = Pick<PendingRequest, 'request' | 'serves'>

/** True for a request that no task waits for. */
export const isCheck = ({ serves }: PendingRequest): boolean => serves.length === 0

const NOTHING: readonly PlannedRequest[] = []

/** A clock that is this far behind the last look was set back. */
const CLOCK_BEHIND_MS = 1_000
/** Shed, not starved: one slot in ten is served like any other. */
const SHED_SLOTS_MAX = 9

/** Earlier first: by urgency, then by the oldest slot. Requests of one poll keep their order. */
export function byUrgency(a: PendingRequest, b: PendingRequest): number {
  return URGENCIES[a.urgency] - URGENCIES[b.urgency] || a.dueMs - b.dueMs
}

/**
 * What one meter is to be asked: slots of its tasks come due, and become requests by one plan for all that is to be
 * read. What has begun is read to its end; of the slots that come meanwhile the last one is read late, the others are
 * skipped. At a quarter of an hour cumulative registers are asked for anew, whatever is under way. Time comes in;
 * nothing here waits.
 */
export class Agenda {
  readonly everyMs: number
  readonly #states: readonly TaskState[]
  readonly #plan: (registers: readonly MappedRegister[]) => PlannedRequest[]
  readonly #checks: () => readonly PlannedRequest[]
  /** By the sum of the powers of two of the tasks' places. */
  readonly #shares = new Map<number, readonly Share[]>()
  readonly #counts = { wanted: 0, read: 0, failed: 0, missed: 0, held: 0 }
  #pending: readonly PendingRequest[] = []
  #lastMs = Number.NEGATIVE_INFINITY
  #nextMs = Number.NEGATIVE_INFINITY
  #anyQueued = false

  /**
   * `plan` must give at least one request for registers that are not none. `checks` are requests that serve no task and
   * go before all else in the poll that begins.
   */
  constructor(
    tasks: readonly ReadingTask[],
    plan: (registers: readonly MappedRegister[]) => PlannedRequest[],
    checks: () => readonly PlannedRequest[] = () => [],
  ) {
    this.#plan = plan
    this.#checks = checks
    this.everyMs = Math.min(...tasks.map(({ everyMs }) => everyMs))
    this.#states = tasks.map((task) => ({
      task,
      nextMs: Number.NEGATIVE_INFINITY,
      slotMs: 0,
      queuedMs: undefined,
      open: 0,
      failed: false,
      missedInRow: 0,
    }))
  }

  get counts(): SlotCounts {
    return { ...this.#counts }
  }

  /** Requests of slots that have come, most urgent first. */
  get pending(): readonly PendingRequest[] {
    return this.#pending
  }

  /** True when nothing waits but what may be shed. */
  get settled(): boolean {
    return this.#pending.every(({ urgency }) => urgency === 'sheddable')
  }

  /** When the next slot comes; −∞ before the first look. */
  get nextMs(): number {
    return this.#nextMs
  }

  /** Looks at the clock: slots that have come become pending. `held`: skipped slots are the meter's own doing. */
  advance(nowMs: number, held: boolean): void {
    if (nowMs < this.#lastMs - CLOCK_BEHIND_MS) this.#beginAnew(nowMs)
    this.#lastMs = nowMs
    if (nowMs >= this.#nextMs) for (const state of this.#states) this.#queue(state, nowMs, held)
    if (!this.#anyQueued) return
    if (!this.#states.some((state) => state.queuedMs !== undefined && this.#mayBegin(state))) return
    const due = this.#states.filter((state) => state.queuedMs !== undefined && this.#mayBegin(state))
    for (const state of due) {
      // Only a boundary breaks into a poll that is under way.
      if (state.open > 0) this.#counts[held ? 'held' : 'missed'] += 1
      state.slotMs = state.queuedMs ?? nowMs
      state.queuedMs = undefined
    }
    this.#arm(due)
    this.#look()
  }

  /** Lets the slots before a moment pass. */
  hold(untilMs: number): void {
    for (const state of this.#states) {
      const slots = Math.max(0, Math.ceil((untilMs - state.nextMs) / state.task.everyMs))
      this.#counts.wanted += slots
      this.#counts.held += slots
      state.nextMs += slots * state.task.everyMs
      if (state.queuedMs !== undefined && state.queuedMs < untilMs) {
        state.queuedMs = undefined
        this.#counts.held += 1
      }
    }
    this.#look()
  }

  /** A pending request is done with; or `parts` are to be asked in its place. */
  finish(done: PendingRequest, answered: boolean, parts: readonly PlannedRequest[] = NOTHING): void {
    if (parts.length === 0) return this.#drop(done, answered)
    const instead = parts.map((request) => {
      const read = [...request.registers, ...(request.refused ?? [])]
      const serves = done.serves.filter(({ task }) => read.some((each) => task.registers.includes(each)))
      return { ...done, request, serves }
    })
    for (const state of done.serves) {
      state.open += instead.filter(({ serves }) => serves.includes(state)).length - 1
      if (state.open === 0) this.#close(state)
    }
    this.#pending = this.#pending.flatMap((each) => (each === done ? instead : [each]))
  }

  #drop(done: PendingRequest, answered: boolean): void {
    for (const state of done.serves) {
      state.open -= 1
      if (!answered) state.failed = true
      if (state.open === 0) this.#close(state)
    }
    this.#pending = this.#pending.filter((each) => each !== done)
  }

  /** Nothing of what is pending can be had in this poll. */
  abandon(): void {
    this.#pending = []
    for (const state of this.#states) {
      if (state.open === 0) continue
      state.open = 0
      state.failed = true
      this.#close(state)
    }
  }

  /** What was planned may no longer be the best; from the next slot on it is planned again. */
  replan(): void {
    this.#shares.clear()
  }

  /** Notes the slots of a task that have come. */
  #queue(state: TaskState, nowMs: number, held: boolean): void {
    if (state.nextMs > nowMs) return
    const { everyMs } = state.task
    const first = !Number.isFinite(state.nextMs)
    const skipped = first ? 0 : Math.floor((nowMs - state.nextMs) / everyMs)
    const missed = skipped + (state.queuedMs === undefined ? 0 : 1)
    this.#counts.wanted += 1 + skipped
    this.#counts[held ? 'held' : 'missed'] += missed
    state.missedInRow += missed
    state.queuedMs = first ? nowMs : state.nextMs + skipped * everyMs
    state.nextMs = nextSlotMs(nowMs, everyMs)
    this.#look()
    // What was shed long enough is shed no more.
    if (state.open > 0 && state.missedInRow >= SHED_SLOTS_MAX) {
      this.#pending = this.#pending
        .map((each) => (isCheck(each) ? each : pendingOf(each)))
        .toSorted(byUrgency)
    }
  }

  #mayBegin({ open, queuedMs, task }: TaskState): boolean {
    return open === 0 || ((queuedMs ?? 0) % SLOT_MS === 0 && task.registers.some(isCumulative))
  }

  #close(state: TaskState): void {
    this.#counts[state.failed ? 'failed' : 'read'] += 1
    state.missedInRow = 0
  }

  /** One plan for the slots that came and for what is left of others that wait. */
  #arm(due: readonly TaskState[]): void {
    const left = this.#states.filter((state) => state.open > 0 && !due.includes(state))
    const shares = left.length === 0 ? this.#planned(due) : this.#plannedWith(due, left)
    for (const state of due) state.failed = false
    for (const state of [...due, ...left]) {
      state.open = shares.filter(({ serves }) => serves.includes(state)).length
    }
    const pending = shares.map((share) => pendingOf(share)).toSorted(byUrgency)
    const [first] = pending
    const begins = this.#pending.length === 0
    const checks = begins ? this.#checks() : this.#pending.filter(isCheck).map(({ request }) => request)
    this.#pending =
      first === undefined || checks.length === 0
        ? pending
        : [...checks.map((request) => ({ ...first, request, serves: [] })), ...pending]
  }

  #planned(due: readonly TaskState[]): readonly Share[] {
    const key = due.reduce((sum, state) => sum + 2 ** this.#states.indexOf(state), 0)
    const known = this.#shares.get(key)
    if (known !== undefined) return known
    const shares = this.#sharesOf(new Map(due.map((state) => [state, state.task.registers])))
    this.#shares.set(key, shares)
    return shares
  }

  #plannedWith(due: readonly TaskState[], left: readonly TaskState[]): readonly Share[] {
    const wanted = new Map(due.map((state) => [state, state.task.registers] as const))
    for (const state of left) {
      const unread = this.#pending
        .filter(({ serves }) => serves.includes(state))
        .flatMap(({ request }) => [...request.registers, ...(request.refused ?? [])])
      wanted.set(
        state,
        state.task.registers.filter((register) => unread.includes(register)),
      )
    }
    return this.#sharesOf(wanted)
  }

  #sharesOf(wanted: ReadonlyMap<TaskState, readonly MappedRegister[]>): readonly Share[] {
    const registers = new Set([...wanted.values()].flat())
    return this.#plan([...registers]).map((request) => {
      const read = new Set([...request.registers, ...(request.refused ?? [])])
      const served = [...wanted].filter(([, registers]) => registers.some((each) => read.has(each)))
      return { request, serves: served.map(([state]) => state) }
    })
  }

  /** The clock was set back: what would wait for its old time waits for its next slot. */
  #beginAnew(nowMs: number): void {
    for (const state of this.#states) {
      state.nextMs = Math.min(state.nextMs, nextSlotMs(nowMs, state.task.everyMs))
      if (state.queuedMs !== undefined) state.queuedMs = Math.min(state.queuedMs, nowMs)
      state.slotMs = Math.min(state.slotMs, nowMs)
    }
    this.#look()
  }

  #look(): void {
    this.#nextMs = Math.min(...this.#states.map(({ nextMs }) => nextMs))
    this.#anyQueued = this.#states.some(({ queuedMs }) => queuedMs !== undefined)
  }
}

function pendingOf({ request, serves }: Share): PendingRequest {
  const energyAtBoundary = serves.some(
    ({ task, slotMs }) =>
      slotMs % SLOT_MS === 0 &&
      request.registers.some((register) => isCumulative(register) && task.registers.includes(register)),
  )
  const sheddable = serves.every(({ task, missedInRow }) => task.sheddable && missedInRow < SHED_SLOTS_MAX)
  return {
    request,
    serves,
    urgency: energyAtBoundary ? 'boundary' : sheddable ? 'sheddable' : 'normal',
    dueMs: Math.min(...serves.map(({ slotMs }) => slotMs)),
  }
}
