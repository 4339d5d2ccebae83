import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { readingsOf } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { messageOf } from './compression.ts'
import { Journal } from './journal.ts'
import { frequencyAt } from './testing/samples.ts'
import { CLOCK_TOLERANCE_MS, Timekeeping } from './timekeeping.ts'

const TRUE_MS = Date.UTC(2026, 5, 1)
const log = pino({ level: 'silent' })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-time-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Taken {
  readonly meter: string
  readonly trueMs: number
}

let scenes = 0

/**
 * A gateway with its journal and a system clock that can be set; `value` tells each reading apart. True time is
 * TRUE_MS plus the machine's monotonic time.
 */
class Scene {
  readonly clock = new ManualClock(TRUE_MS)
  readonly taken: Taken[] = []
  readonly #file = join(folder, `${(scenes += 1)}.sqlite`)
  readonly #lastStampMs = new Map<string, number>()
  journal = this.#openJournal()
  time = this.#startTime()
  changes = 0

  #openJournal(): Journal {
    return Journal.open({
      file: this.#file,
      gateway: 'gw-1',
      graceMs: 1e15,
      clock: this.clock,
      fsync: 'normal',
    })
  }

  #startTime(): Timekeeping {
    const changed = (): void => void (this.changes += 1)
    return new Timekeeping({ clock: this.clock, log, newestMs: this.journal.newestMs(), changed })
  }

  get trueMs(): number {
    return TRUE_MS + this.clock.monotonicMs()
  }

  /** Sets the system clock: so many ms from the truth. */
  setOff(byMs: number): void {
    this.clock.stepWall(Math.max(0, this.trueMs + byMs))
  }

  /** Stamps as edge/poll.ts does: kept time, but later than the meter's last stamp. */
  read(meter = 'm1'): void {
    const stampMs = Math.max(Math.floor(this.time.wallMs()), (this.#lastStampMs.get(meter) ?? 0) + 1)
    this.#lastStampMs.set(meter, stampMs)
    const value = this.taken.push({ meter, trueMs: this.trueMs }) - 1
    const { fate, sample } = this.time.judge(frequencyAt(stampMs, { meter, value }))
    if (fate === 'hold') this.journal.hold('boot-1', [sample])
    else this.journal.append([sample])
  }

  release(): void {
    this.time.look()
    if (this.time.condition === 'unset') return
    while (this.journal.release('boot-1', this.time.heldOffsetMs) !== undefined);
  }

  receipt(ageMs: number, roundTripMs: number): void {
    this.time.confirm(this.trueMs - ageMs, roundTripMs)
  }

  restart(): void {
    this.journal.close()
    this.journal = this.#openJournal()
    this.time = this.#startTime()
    this.#lastStampMs.clear()
  }

  /** All rows, in the order in which the readings were taken. */
  stored(): Reading[] {
    const readings = this.journal
      .unacknowledged('oldest', 1e6)
      .map((place) => messageOf(this.journal.row(place)?.payload ?? new Uint8Array()))
      .flatMap((message) => (message?.kind === 'readings' ? message.samples.flatMap(readingsOf) : []))
    return readings.toSorted((a, b) => valueOf(a) - valueOf(b))
  }
}

const valueOf = (reading: Reading): number =>
  reading.quality !== 'bad' && typeof reading.value === 'number' ? reading.value : -1

function expectHonest(scene: Scene): void {
  const stored = scene.stored()
  expect(stored.map(valueOf)).toEqual(scene.taken.map((_, index) => index))
  const newest = new Map<string, number>()
  for (const reading of stored) {
    const { trueMs = 0 } = scene.taken[valueOf(reading)] ?? {}
    const offMs = Math.abs(reading.atMs - trueMs)
    const isRight = offMs <= CLOCK_TOLERANCE_MS || reading.quality === 'uncertain'
    expect(isRight, `${offMs} ms off, ${reading.quality}`).toBe(true)
    expect(reading.atMs).toBeGreaterThan(newest.get(reading.meter) ?? 0)
    newest.set(reading.meter, reading.atMs)
  }
  expect(scene.journal.held()).toBe(0)
  scene.journal.close()
}

const offsets = fc.oneof(
  fc.constantFrom(-HOUR_MS, HOUR_MS, DAY_MS, -DAY_MS, -600_000, 0, 0, -TRUE_MS),
  fc.integer({ min: -2_000, max: 2_000 }),
  fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }),
)
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('read' as const), meter: fc.constantFrom('m1', 'm2') }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 900, 5_000, HOUR_MS),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), offMs: offsets }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 20_000 }), fc.double({ min: 0, max: 1, noNaN: true }))
      .map(([roundTripMs, part]) => ({ kind: 'receipt' as const, roundTripMs, ageMs: roundTripMs * part })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'release' as const }) },
)

describe('Timekeeping', () => {
  it('gives every reading a time that is right or marked, rising per meter, whatever jumps', () => {
    const start = fc.constantFrom(0, 0, -TRUE_MS, -TRUE_MS + 30 * DAY_MS)
    fc.assert(
      fc.property(start, fc.array(event, { minLength: 1, maxLength: 40 }), (startOffMs, events) => {
        const scene = new Scene()
        scene.setOff(startOffMs)
        scene.restart()
        for (const each of events) {
          if (each.kind === 'read') scene.read(each.meter)
          else if (each.kind === 'wait') scene.clock.advance(each.ms)
          else if (each.kind === 'set') scene.setOff(each.offMs)
          else if (each.kind === 'release') scene.release()
          else scene.receipt(each.ageMs, each.roundTripMs)
        }
        // In the end the clock is right, and the server says so.
        scene.setOff(0)
        scene.clock.advance(1_000)
        scene.release()
        scene.receipt(0, 100)
        expect(scene.time.condition).toBe('set')
        scene.clock.advance(1_000)
        scene.read()
        expectHonest(scene)
      }),
      { numRuns: 150 },
    )
  }, 120_000)

  it('boots in 1970, reads for three hours, and times all of it when the time arrives', () => {
    const scene = new Scene()
    scene.setOff(-TRUE_MS)
    scene.restart()
    expect(scene.time.condition).toBe('unset')
    for (let index = 0; index < 180; index += 1) {
      scene.read()
      scene.clock.advance(60_000)
    }
    expect(scene.stored()).toEqual([])
    expect(scene.journal.held()).toBe(180)
    scene.setOff(0)
    scene.release()
    scene.read()
    const stored = scene.stored()
    expect(stored).toHaveLength(181)
    for (const reading of stored) {
      expect(Math.abs(reading.atMs - (scene.taken[valueOf(reading)]?.trueMs ?? 0))).toBeLessThanOrEqual(2_000)
      expect(reading.quality).toBe('uncertain')
    }
    scene.receipt(50, 200)
    scene.read()
    expect(scene.stored().at(-1)?.quality).toBe('good')
    expectHonest(scene)
  })

  it('keeps held readings before later ones though the clock is corrected before they are released', () => {
    const scene = new Scene()
    scene.setOff(-TRUE_MS)
    scene.restart()
    scene.read()
    scene.setOff(-1)
    scene.read()
    scene.setOff(0)
    scene.release()
    scene.receipt(0, 100)
    expectHonest(scene)
  })

  it('keeps time through a clock that goes a day forward and comes back, and reports both jumps', () => {
    const scene = new Scene()
    scene.read()
    scene.setOff(DAY_MS)
    for (let index = 0; index < 10; index += 1) {
      scene.clock.advance(5_000)
      scene.read()
    }
    expect(scene.time.state()).toMatchObject({ condition: 'doubtful', jumps: 1, lastJump: { byMs: DAY_MS } })
    scene.setOff(0)
    scene.clock.advance(5_000)
    scene.read()
    expect(scene.time.state()).toMatchObject({ condition: 'set', jumps: 2, lastJump: { byMs: -DAY_MS } })
    const stored = scene.stored()
    for (const reading of stored)
      expect(Math.abs(reading.atMs - (scene.taken[valueOf(reading)]?.trueMs ?? 0))).toBeLessThanOrEqual(1)
    expect(stored.map(({ quality }) => quality)).toEqual(['good', ...Array(10).fill('uncertain'), 'good'])
    expect(scene.changes).toBeGreaterThan(0)
    expectHonest(scene)
  })

  it('holds readings when it starts behind its own journal, as with an RTC that is an hour slow', () => {
    const scene = new Scene()
    scene.read()
    scene.clock.advance(60_000)
    scene.setOff(-HOUR_MS)
    scene.restart()
    expect(scene.time.condition).toBe('unset')
    scene.read()
    scene.clock.advance(60_000)
    scene.setOff(0)
    scene.release()
    scene.receipt(0, 100)
    scene.read()
    expect(scene.stored().map(({ quality }) => quality)).toEqual(['good', 'uncertain', 'good'])
    expectHonest(scene)
  })

  it('doubts a possible clock when the server’s says otherwise, but not for a slow receipt', () => {
    const scene = new Scene()
    scene.setOff(-600_000)
    scene.restart()
    expect(scene.time.condition).toBe('set')
    scene.receipt(30_000, 60_000)
    expect(scene.time.condition).toBe('set')
    scene.receipt(100, 200)
    expect(scene.time.state()).toMatchObject({ condition: 'doubtful', aheadMs: -600_000 })
    scene.journal.close()
  })

  it('leaves simulated and bad readings what they are', () => {
    const scene = new Scene()
    scene.setOff(HOUR_MS)
    scene.time.look()
    const sample = frequencyAt(Math.floor(scene.time.wallMs()))
    const judged = (['good', 'simulated'] as const).map((quality) => scene.time.judge({ ...sample, quality }))
    expect(judged.map(({ sample: { quality } }) => quality)).toEqual(['uncertain', 'simulated'])
    const bad = { ...sample, values: {}, bad: { frequency: 'timeout' as const } }
    expect(readingsOf(scene.time.judge(bad).sample)).toEqual(readingsOf(bad))
    scene.journal.close()
  })
})
