import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { readingsOf, type GapRecord, type Sample } from '#contract/messages.ts'
import { GroupCommit } from './commit.ts'
import { messageOf } from './compression.ts'
import { Journal, type JournalOptions, type JournalRow } from './journal.ts'
import { energyAt, frequencyAt } from './testing/samples.ts'

const MEGABYTE = 1e6
const START_MS = Date.UTC(2026, 5, 1)
const METERS = 60

let folder: string
let clock: ManualClock
let journal: Journal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-quota-'))
  clock = new ManualClock(START_MS)
})

afterEach(() => {
  journal.close()
  rmSync(folder, { recursive: true })
})

function open(more: Partial<JournalOptions>, file = join(folder, 'journal.sqlite')): Journal {
  const common = {
    file,
    gateway: 'gw-1',
    graceMs: DAY_MS,
    clock,
    compression: 'none',
    fsync: 'normal',
  } as const
  journal = Journal.open({ ...common, ...more })
  return journal
}

/** One poll of all meters, some 5 kB. */
function poll(): Sample[] {
  clock.advance(5_000)
  return Array.from({ length: METERS }, (_, index) =>
    frequencyAt(clock.wallMs(), { meter: `m${index}`, value: 50 + index / 1_000 }),
  )
}

function waiting(): JournalRow[] {
  return journal
    .unacknowledged('oldest', 1e6)
    .map((place) => journal.row(place))
    .filter((row) => row !== undefined)
}

const gaps = (): GapRecord[] =>
  waiting()
    .map(({ payload }) => messageOf(payload))
    .filter((message) => message?.kind === 'gap')

/** Every number from 1 on is a row or in exactly one gap. */
function expectEveryNumberOnce(lastSeq: number): void {
  const fates = new Map<number, number>()
  const count = (seq: number): void => void fates.set(seq, (fates.get(seq) ?? 0) + 1)
  for (const { seq } of waiting()) count(seq)
  for (const { lost } of gaps()) for (let seq = lost.firstSeq; seq <= lost.lastSeq; seq += 1) count(seq)
  const numbers = Array.from({ length: lastSeq }, (_, index) => index + 1)
  expect(numbers.filter((seq) => fates.get(seq) !== 1)).toEqual([])
}

describe('the quota', () => {
  it('lets the oldest readings go, stays within its bytes, and accounts for each number and reading', () => {
    const quotaBytes = 4 * MEGABYTE
    open({ quotaBytes })
    let lastSeq = 0
    let taken = 0
    for (let polls = 0; polls < 1_500; polls += 1) {
      const rows = journal.append(poll())
      taken += METERS
      lastSeq = rows.at(-1)?.seq ?? 0
      expect(journal.usedBytes()).toBeLessThanOrEqual(quotaBytes * 1.01)
    }
    expectEveryNumberOnce(lastSeq)
    const declared = gaps()
    expect(declared.length).toBeGreaterThan(10)
    const lost = declared.reduce((sum, gap) => sum + (gap.readings ?? 0), 0)
    const kept = waiting()
      .map(({ payload }) => messageOf(payload))
      .flatMap((message) => (message?.kind === 'readings' ? message.samples.flatMap(readingsOf) : []))
    expect(lost + kept.length).toBe(taken)
    for (const gap of declared) {
      expect(gap).toMatchObject({ cause: 'quota', gateway: 'gw-1' })
      expect(gap.meters).toHaveLength(METERS)
      expect(gap.toMs).toBeLessThan(Math.min(...kept.map(({ atMs }) => atMs)))
    }
    journal.close()
    expect(statSync(join(folder, 'journal.sqlite')).size).toBeLessThan(quotaBytes * 1.1)
  })

  it('keeps the registers of energy at the lines of the grid, so that every slot has its energy', () => {
    open({ quotaBytes: 4 * MEGABYTE })
    const atLines = new Set<string>()
    let lastSeq = 0
    let taken = 0
    const name = ({ meter, atMs, values }: Sample): string =>
      `${meter} ${atMs} ${JSON.stringify(values['activeEnergyImport.total'])}`
    for (let polls = 1; polls <= 1_500; polls += 1) {
      const samples = poll().map((sample): Sample => {
        const { values } = energyAt(sample.atMs, sample.meter, polls)
        return { ...sample, values: { ...sample.values, ...values } }
      })
      taken += 2 * METERS
      if (clock.wallMs() % SLOT_MS === 0) for (const sample of samples) atLines.add(name(sample))
      lastSeq = journal.append(samples).at(-1)?.seq ?? 0
      expect(journal.usedBytes()).toBeLessThanOrEqual(4 * MEGABYTE * 1.01)
    }
    expectEveryNumberOnce(lastSeq)
    const kept = waiting()
      .map(({ payload }) => messageOf(payload))
      .flatMap((message) => (message?.kind === 'readings' ? message.samples : []))
    const readings = kept.flatMap(readingsOf).length
    expect(gaps().reduce((sum, gap) => sum + (gap.readings ?? 0), 0) + readings).toBe(taken)
    expect(readings).toBeLessThan(taken / 2)
    expect(atLines.size).toBe(8 * METERS)
    expect(atLines.difference(new Set(kept.map(name)))).toEqual(new Set())
  })

  it('lets go of them too, oldest first, where there is nothing else', () => {
    open({ quotaBytes: 4 * MEGABYTE })
    let lastSeq = 0
    let lines = 0
    for (let drops = 0; drops < 3; lines += 1) {
      clock.advance(SLOT_MS)
      const samples = Array.from({ length: METERS }, (_, index) =>
        energyAt(clock.wallMs(), `m${index}`, lines),
      )
      const rows = journal.append(samples)
      if (rows.length > 1) drops += 1
      lastSeq = rows.at(-1)?.seq ?? 0
    }
    expect(lines).toBeGreaterThan(300)
    expectEveryNumberOnce(lastSeq)
  })

  it('gives up rows whose receipt has come before any without', () => {
    open({ quotaBytes: 4 * MEGABYTE })
    for (let polls = 0; polls < 1_500; polls += 1)
      for (const { digest } of journal.append(poll())) journal.acknowledge(digest)
    expect(waiting()).toEqual([])
  })

  it('takes no new readings where it is set so, and says so until there is room', () => {
    open({ quotaBytes: 4 * MEGABYTE, whenFull: 'stop' })
    let polls = 0
    expect(() => {
      for (; polls < 1_500; polls += 1) journal.append(poll())
    }).toThrow(expect.objectContaining({ code: 'journal-full' }))
    expect(polls).toBeGreaterThan(300)
    expectEveryNumberOnce(polls)
    expect(gaps()).toEqual([])
    for (const { digest } of waiting().slice(0, 20)) journal.acknowledge(digest)
    const [row] = journal.append(poll())
    expect(row?.seq).toBe(polls + 1)
  })

  it('drops what is older than it may be, a part at a time, and says so', () => {
    open({})
    for (let polls = 0; polls < 50; polls += 1) journal.append(poll())
    const beforeMs = START_MS + 20 * 5_000 + 1
    expect(journal.dropOlder(beforeMs)).toHaveLength(1)
    expect(gaps()).toMatchObject([
      { cause: 'age', lost: { firstSeq: 1, lastSeq: 20 }, fromMs: START_MS + 5_000, toMs: beforeMs - 1 },
    ])
    expectEveryNumberOnce(51)
    expect(journal.dropOlder(beforeMs)).toEqual([])
  })
})

/** A file system of one megabyte, where this user may mount one. */
function mountSmall(): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'tanbiao-small-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tanbiao-test', at], { stdio: 'ignore' })
    return at
  } catch {
    // Not root, or in a container without the right: the suite is skipped under a name that says so.
    rmSync(at, { recursive: true })
    return undefined
  }
}

const disk = mountSmall()

describe.skipIf(disk === undefined)(
  disk === undefined ? 'a real disk [needs the right to mount]' : 'a real disk',
  () => {
    const at = disk ?? ''
    let commit: GroupCommit
    let changes: string[]

    beforeEach(() => {
      mkdirSync(join(at, 'data'))
      open({ graceMs: 0 }, join(at, 'data', 'journal.sqlite'))
      changes = []
      commit = new GroupCommit({
        journal,
        boot: 'boot-1',
        windowMs: 0,
        clock,
        log: pino({ level: 'silent' }),
        committed: () => undefined,
        changed: () => changes.push(commit.problem?.code ?? 'ok'),
      })
    })

    afterEach(() => {
      journal.close()
      rmSync(join(at, 'data'), { recursive: true })
    })

    afterAll(() => {
      execFileSync('umount', [at])
      rmSync(at, { recursive: true })
    })

    const pollOnce = async (): Promise<void> => {
      for (const sample of poll()) commit.add({ fate: 'send', sample })
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(2_000)
      await new Promise((resolve) => setImmediate(resolve))
    }

    it('that is full is survived, and all is written when there is room', async () => {
      const ballast = join(at, 'data', 'ballast')
      await pollOnce()
      writeFileSync(ballast, Buffer.alloc(300_000))
      let polls = 1
      for (; commit.problem === undefined && polls < 300; polls += 1) await pollOnce()
      expect(commit.problem).toMatchObject({ code: 'journal-unusable' })
      for (let more = 0; more < 5; more += 1, polls += 1) await pollOnce()
      expect(commit.unwritten).toBeGreaterThanOrEqual(5 * METERS)
      rmSync(ballast)
      clock.advance(2_000)
      await vi.waitFor(() => {
        clock.advance(2_000)
        expect(commit.unwritten).toBe(0)
      })
      expect(changes).toEqual(['journal-unusable', 'ok'])
      const kept = waiting()
        .map(({ payload }) => messageOf(payload))
        .flatMap((message) => (message?.kind === 'readings' ? message.samples : []))
      expect(kept).toHaveLength(polls * METERS)
    })

    it('that is read-only, also at the start, is survived, and all is written when it is not', async () => {
      await pollOnce()
      const epoch = journal.epoch
      journal.close()
      const remount = (how: string): void => void execFileSync('mount', ['-o', `remount,${how}`, at])
      remount('ro')
      try {
        open({ graceMs: 0 }, join(at, 'data', 'journal.sqlite'))
        expect(() => journal.append(poll())).toThrow(expect.objectContaining({ code: 'journal-unusable' }))
      } finally {
        remount('rw')
      }
      journal.append(poll())
      expect(journal.epoch).toBe(epoch)
      expect(waiting()).toHaveLength(2)
      expect(journal.damage).toBeUndefined()
    })
  },
)
