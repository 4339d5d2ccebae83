import { ManualClock } from '#contract/clock.ts'
import type { MappedRegister } from '#firmware-config/profile.ts'
import { Agenda, type SlotCounts } from '../agenda.ts'
import { DueQueue, type QueuedMeter } from '../due-queue.ts'
import { plan } from '../plan.ts'
import { FAILURES_BEFORE_BACK_OFF, nextPollMs } from '../schedule.ts'
import type { ReadingTask } from '../tasks.ts'

/** A meter on a line that exists in time only. */
export interface VirtualMeter {
  readonly tasks: readonly ReadingTask[]
  readonly timeoutMs: number
  readonly pauseMs?: number
  /** Time of the bytes of any request. */
  readonly wireMs: number
  /** How long the meter takes beyond that at some moment; `undefined` when it stays silent. */
  readonly answerMs: (nowMs: number) => number | undefined
}

export interface Served {
  readonly counts: SlotCounts
  /** When each slot was read whole, milliseconds since the start. */
  readonly readAtMs: readonly number[]
  /** The quantities of each answered request, in order. */
  readonly answers: readonly { readonly atMs: number; readonly quantities: readonly string[] }[]
}

/** A register for tests: cumulative or not. */
export function testRegister(
  quantity: MappedRegister['quantity'],
  address: number,
  resolution?: string,
): MappedRegister {
  return {
    quantity,
    function: 3,
    address,
    words: 2,
    encoding: 'u32',
    order: 'ABCD',
    factor: '1',
    resolution,
    notAvailable: [],
  }
}

const LIMITS = { registersPerRequest: 20, bridgeGaps: 0, forbidden: [] }

/** Lets the schedule of a bus run over a line for so long, in no time. Begins at `fromMs` of the wall clock. */
export function runLine(meters: readonly VirtualMeter[], durationMs: number, fromMs = 0): Served[] {
  const clock = new ManualClock(fromMs)
  const queue = new DueQueue<QueuedMeter>(clock)
  const places = meters.map((meter) => ({
    meter,
    queued: {
      agenda: new Agenda(meter.tasks, (registers) => plan(registers, LIMITS)),
      timeoutMs: meter.timeoutMs,
      pauseMs: meter.pauseMs ?? 0,
      wireMs: () => meter.wireMs,
    },
    failures: 0,
    readAtMs: [] as number[],
    answers: [] as { atMs: number; quantities: string[] }[],
  }))
  const placeOf = new Map(places.map((place) => [place.queued as QueuedMeter, place]))
  for (const { queued } of places) queue.join(queued)
  while (clock.monotonicMs() < durationMs) {
    const turn = queue.next()
    if (typeof turn === 'number') {
      clock.advance(turn)
      continue
    }
    const place = placeOf.get(turn.meter)
    if (place === undefined) throw new Error('a turn of nobody')
    const { agenda } = turn.meter
    const takesMs = place.meter.answerMs(clock.monotonicMs())
    const tookMs = takesMs === undefined ? Number.POSITIVE_INFINITY : place.meter.wireMs + takesMs
    if (tookMs > turn.grant.timeoutMs) {
      clock.advance(turn.grant.timeoutMs)
      queue.ended(turn, 'silent', turn.grant.timeoutMs)
      agenda.abandon()
      place.failures += 1
      if (place.failures >= FAILURES_BEFORE_BACK_OFF) {
        agenda.hold(nextPollMs(clock.wallMs(), agenda.everyMs, place.failures))
      }
      continue
    }
    clock.advance(tookMs)
    queue.ended(turn, 'answered', tookMs)
    const { read } = agenda.counts
    agenda.finish(turn.pending, true)
    if (agenda.counts.read > read) place.readAtMs.push(clock.monotonicMs())
    place.answers.push({
      atMs: clock.monotonicMs(),
      quantities: turn.pending.request.registers.map(({ quantity }) => quantity),
    })
    place.failures = 0
  }
  return places.map(({ queued, readAtMs, answers }) => ({
    counts: queued.agenda.counts,
    readAtMs,
    answers,
  }))
}
