import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReadingTask } from './tasks.ts'
import { runLine, testRegister, type Served, type VirtualMeter } from './testing/virtual-line.ts'

const METERS = 32
const SECOND = 1_000
const MINUTE = 60_000
const QUARTER = 15 * MINUTE

const voltage = testRegister('voltage.l1', 0)
const energy = testRegister('activeEnergyImport.total', 100, '0.01')
const thd = testRegister('voltageThd.l1', 200)

const task = (everyMs: number, registers = [voltage], sheddable = false): ReadingTask => ({
  everyMs,
  registers,
  sheddable,
})

interface Scene {
  readonly everyMs: number
  readonly timeoutMs: number
  /** Part of the line that the healthy meters take. */
  readonly load: number
}

/** The time that a healthy meter takes, half of it on the wire. */
const eachMs = ({ everyMs, timeoutMs, load }: Scene): number =>
  Math.min(timeoutMs * 0.9, (load * everyMs) / METERS)

/** 32 meters that share the load; the first does as told. */
function line(scene: Scene, first: VirtualMeter['answerMs']): VirtualMeter[] {
  const halfMs = eachMs(scene) / 2
  return Array.from({ length: METERS }, (_, index) => ({
    tasks: [task(scene.everyMs)],
    timeoutMs: scene.timeoutMs,
    wireMs: halfMs,
    answerMs: index === 0 ? first : () => halfMs,
  }))
}

/** Part of their samples that the others lose by what the first one does instead of answering like them. */
function loss(scene: Scene, first: VirtualMeter['answerMs'], durationMs: number): number {
  const others = (served: readonly Served[]): number =>
    served.slice(1).reduce((all, { counts }) => all + counts.read, 0)
  const undisturbed = runLine(
    line(scene, () => eachMs(scene) / 2),
    durationMs,
  )
  return 1 - others(runLine(line(scene, first), durationMs)) / others(undisturbed)
}

const scenes: fc.Arbitrary<Scene> = fc.record({
  everyMs: fc.constantFrom(SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND),
  // All that the gateway file takes.
  timeoutMs: fc.oneof(
    fc.integer({ min: 50, max: 10_000 }),
    fc.integer({ min: 1, max: 600_000 }),
    fc.constantFrom(1, 50, 100, 1_000, 10_000, 60_000, 600_000),
  ),
  load: fc.double({ min: 0.05, max: 1.3, noNaN: true }),
})

/** Uneven numbers in [0, 1) that come out the same for the same moment. */
const uneven = (nowMs: number): number => Math.abs(Math.sin(nowMs * 12.9898) * 43_758.5453) % 1

describe('one meter among 32 costs the others less than 5 % of their samples', () => {
  const atMost = (behaviour: fc.Arbitrary<(scene: Scene) => VirtualMeter['answerMs']>): void =>
    fc.assert(
      fc.property(scenes, behaviour, (scene, first) => {
        expect(loss(scene, first(scene), 10 * MINUTE)).toBeLessThan(0.05)
      }),
      { numRuns: 12 },
    )

  it('when it is dead', () => atMost(fc.constant(() => () => undefined)))

  it('when it is slow, up to its timeout', () =>
    atMost(
      fc
        .double({ min: 0.05, max: 0.99, noNaN: true })
        .map((part) => (scene) => () => Math.max(eachMs(scene), part * scene.timeoutMs) - eachMs(scene) / 2),
    ))

  it('when it answers now and then', () =>
    atMost(
      fc
        .double({ min: 0.01, max: 0.9, noNaN: true })
        .map((part) => (scene) => (nowMs) => (uneven(nowMs) < part ? undefined : eachMs(scene) / 2)),
    ))

  it('when it comes and goes', () =>
    atMost(
      fc
        .integer({ min: SECOND, max: 5 * MINUTE })
        .map(
          (lastsMs) => (scene) => (nowMs) =>
            Math.floor(nowMs / lastsMs) % 2 === 0 ? eachMs(scene) / 2 : undefined,
        ),
    ))
})

describe('a meter that comes back', () => {
  it('is read again within two minutes at any timeout, however busy the line', () => {
    fc.assert(
      fc.property(scenes, fc.integer({ min: MINUTE, max: 20 * MINUTE }), (scene, backMs) => {
        const [first] = runLine(
          line(scene, (nowMs) => (nowMs < backMs ? undefined : eachMs(scene) / 2)),
          backMs + 2 * MINUTE,
        )
        expect(first?.counts.read).toBeGreaterThan(0)
      }),
      { numRuns: 10 },
    )
  })

  it('is read now and then when it needs almost all of a long timeout', () => {
    const scene = { everyMs: SECOND, timeoutMs: 10_000, load: 0.9 }
    const [first] = runLine(
      line(scene, () => 9_000),
      60 * MINUTE,
    )
    expect(first?.counts.read).toBeGreaterThan(3)
    expect(first?.counts.missed).toBe(0)
  })

  it('is waited for as long as its timeout where nobody else needs the line', () => {
    const slow = { tasks: [task(20 * SECOND)], timeoutMs: 10_000, wireMs: 1, answerMs: () => 9_000 }
    const quick = { ...slow, answerMs: () => 5 }
    const [first, second] = runLine([slow, quick], 10 * MINUTE)
    expect(first?.counts).toMatchObject({ wanted: 30, read: 30, missed: 0, held: 0 })
    expect(second?.counts).toMatchObject({ missed: 0, failed: 0 })
  })
})

describe('a line with too little time', () => {
  const crowd = (tasks: readonly ReadingTask[], count: number): VirtualMeter[] =>
    Array.from({ length: count }, () => ({ tasks, timeoutMs: SECOND, wireMs: 20, answerMs: () => 20 }))

  it('serves all meters alike, and says what it has no time for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 26, max: 80 }), (count) => {
        const served = runLine(crowd([task(SECOND)], count), 5 * MINUTE)
        const reads = served.map(({ counts }) => counts.read)
        expect(Math.max(...reads) - Math.min(...reads)).toBeLessThanOrEqual(2)
        // 40 ms each: at least 24 of 25 places of every second are used.
        expect(reads.reduce((all, each) => all + each, 0)).toBeGreaterThan(24 * 300)
        for (const { counts } of served) {
          // One slot may be under way, and one wait behind it.
          expect(counts.read + counts.missed).toBeGreaterThanOrEqual(counts.wanted - 2)
          expect(counts.held).toBe(0)
        }
      }),
      { numRuns: 10 },
    )
  })

  it('sheds slow quantities first: registers of energy keep their rate', () => {
    const tasks = [task(SECOND), task(5 * SECOND, [energy]), task(5 * SECOND, [thd], true)]
    const of = (quantity: string, { answers }: Served): number =>
      answers.filter(({ quantities }) => quantities.includes(quantity)).length
    for (const served of runLine(crowd(tasks, 30), 5 * MINUTE)) {
      expect(of('activeEnergyImport.total', served)).toBeGreaterThanOrEqual(59)
      expect(of('voltageThd.l1', served)).toBeLessThanOrEqual(10)
      expect(of('voltageThd.l1', served)).toBeGreaterThan(1)
    }
  })

  it('reads the registers of energy first at every quarter of an hour', () => {
    const count = 50
    const served = runLine(crowd([task(SECOND, [voltage, energy, thd])], count), 2 * QUARTER, QUARTER / 2)
    for (const quarterMs of [QUARTER / 2, (QUARTER / 2) * 3]) {
      // One request may be on the line; then 50 times 40 ms.
      const soonMs = quarterMs + 40 * (count + 1)
      for (const { answers } of served) {
        const read = answers.some(
          ({ atMs, quantities }) =>
            atMs >= quarterMs && atMs <= soonMs && quantities.includes('activeEnergyImport.total'),
        )
        expect(read).toBe(true)
      }
    }
  })

  it('loses nothing while there is time for all', () => {
    for (const { counts, readAtMs } of runLine(crowd([task(SECOND)], 24), 5 * MINUTE)) {
      expect(counts).toMatchObject({ missed: 0, held: 0, failed: 0 })
      expect(new Set(readAtMs.map((atMs) => Math.floor((atMs - 1) / SECOND))).size).toBe(readAtMs.length)
    }
  })
})
