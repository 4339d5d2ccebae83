import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { batchesOf } from './batch.ts'
import { GroupCommit } from './commit.ts'
import type { JournalRow } from './journal.ts'
import { energyAt, frequencyAt } from './testing/samples.ts'
import type { Judged } from './timekeeping.ts'

const sent = (atMs: number): Judged => ({ fate: 'send', sample: frequencyAt(atMs) })
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A journal on a disk that can be full. */
function scene(unwrittenMax = 1_000) {
  const clock = new ManualClock(0)
  const writes: (number[] | string)[] = []
  const disk: { full: boolean; code: 'journal-unusable' | 'journal-full' } = {
    full: false,
    code: 'journal-unusable',
  }
  const offered: number[] = []
  const changes: string[] = []
  const errors: string[] = []
  const row = (): JournalRow => ({
    place: writes.length,
    epoch: '',
    seq: writes.length,
    digest: '',
    payload: new Uint8Array(),
  })
  const refuseIfFull = (): void => {
    if (disk.full) throw new Fault(disk.code, 'database or disk is full')
  }
  const commit = new GroupCommit({
    journal: {
      append: (samples) => {
        refuseIfFull()
        writes.push(samples.map(({ atMs }) => atMs))
        return [row()]
      },
      appendGap: ({ cause, fromMs, toMs, readings, meters }) => {
        refuseIfFull()
        writes.push(`${cause} ${fromMs}-${toMs}: ${readings} of ${String(meters)}`)
        return row()
      },
      hold: (boot, samples) => {
        refuseIfFull()
        writes.push(`${boot} holds ${samples.map(({ atMs }) => atMs).join(' ')}`)
      },
    },
    boot: 'boot-1',
    changed: () => changes.push(commit.problem?.code ?? 'ok'),
    windowMs: 200,
    clock,
    log: pino({ level: 'error' }, { write: (line) => void errors.push(line) }),
    committed: (rows) => offered.push(...rows.map(({ seq }) => seq)),
    unwrittenMax,
  })
  return { clock, writes, disk, offered, changes, errors, commit }
}

describe('GroupCommit', () => {
  it('writes what comes within the window as one', async () => {
    const { clock, writes, offered, commit } = scene()
    commit.add(sent(1))
    clock.advance(150)
    commit.add(sent(2))
    commit.add(sent(3))
    await turn()
    expect(writes).toEqual([])
    clock.advance(50)
    await turn()
    expect(writes).toEqual([[1, 2, 3]])
    expect(offered).toEqual([1])
    commit.add(sent(4))
    clock.advance(200)
    await turn()
    expect(writes).toEqual([[1, 2, 3], [4]])
  })

  it('keeps readings that the disk refuses, and writes them when it works again', async () => {
    const { clock, writes, disk, commit } = scene()
    disk.full = true
    commit.add(sent(1))
    clock.advance(200)
    await turn()
    expect(commit.unwritten).toBe(1)
    commit.add(sent(2))
    disk.full = false
    clock.advance(2_000)
    await turn()
    expect(writes).toEqual([[1, 2]])
    expect(commit.unwritten).toBe(0)
  })

  it('writes at once what memory could not hold until the window ends: a disk that works loses nothing', () => {
    const { writes, commit } = scene(3)
    for (let atMs = 1; atMs <= 9; atMs += 1) commit.add(sent(atMs))
    expect(commit.lost).toBe(0)
    expect(commit.finish()).toBe(true)
    expect(writes.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('says that readings are lost once a minute, not with each of them', async () => {
    const { clock, disk, errors, commit } = scene(3)
    disk.full = true
    for (let atMs = 1; atMs <= 120; atMs += 1) {
      commit.add(sent(atMs))
      clock.advance(1_000)
      await turn()
    }
    expect(commit.lost).toBe(117)
    expect(errors.filter((line) => line.includes('are lost')).length).toBe(2)
  })

  it('declares what memory could not hold either', async () => {
    const { clock, writes, disk, commit } = scene(3)
    disk.full = true
    commit.add(sent(1))
    commit.add(sent(2))
    clock.advance(200)
    await turn()
    commit.add(sent(3))
    commit.add(sent(4))
    commit.add(sent(5))
    expect(commit.lost).toBe(2)
    disk.full = false
    clock.advance(2_000)
    await turn()
    expect(writes).toEqual(['disk 1-2: 2 of m1', [3, 4, 5]])
  })

  it('keeps the registers of energy at the lines of the grid where memory cannot hold the rest', async () => {
    const { clock, writes, disk, commit } = scene(40)
    disk.full = true
    const lines: number[] = []
    for (let atMs = 0; atMs < 4 * SLOT_MS; atMs += SLOT_MS / 30) {
      if (atMs % SLOT_MS === 0) lines.push(atMs)
      const sample = energyAt(atMs)
      commit.add({ fate: 'send', sample: { ...sample, values: { ...sample.values, frequency: 50 } } })
      expect(commit.unwritten).toBeLessThanOrEqual(40)
      clock.advance(2_000)
      await turn()
    }
    expect(commit.lost).toBe(2 * 120 - commit.unwritten)
    disk.full = false
    clock.advance(2_000)
    await turn()
    expect(writes[0]).toMatch(/^disk 0-/)
    expect(writes[1]).toEqual(lines)
    expect(writes).toHaveLength(3)
  })

  it('says when the disk begins and ceases to refuse, once each, and whether it was the quota', async () => {
    const { clock, writes, disk, changes, commit } = scene(1)
    disk.full = true
    disk.code = 'journal-full'
    for (let atMs = 1; atMs <= 4; atMs += 1) {
      commit.add(sent(atMs))
      clock.advance(2_000)
      await turn()
    }
    disk.full = false
    clock.advance(2_000)
    await turn()
    expect(changes).toEqual(['journal-full', 'journal-full', 'ok'])
    expect(writes).toEqual(['quota 1-3: 3 of m1', [4]])
  })

  it('holds what has no time yet apart from the rest', async () => {
    const { clock, writes, commit } = scene()
    commit.add({ fate: 'hold', sample: frequencyAt(7) })
    commit.add(sent(1_000))
    clock.advance(200)
    await turn()
    expect(writes).toEqual(['boot-1 holds 7', [1_000]])
  })

  it('writes the rest at once when it ends, and says when it cannot', async () => {
    const { writes, commit } = scene()
    commit.add(sent(1))
    expect(commit.finish()).toBe(true)
    expect(writes).toEqual([[1]])
    const other = scene()
    other.disk.full = true
    other.commit.add(sent(1))
    expect(other.commit.finish()).toBe(false)
  })
})

describe('batchesOf', () => {
  it('keeps all samples in order and every batch within its limits', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4_000 }), { maxLength: 20 })
    fc.assert(
      fc.property(sizes, (valueCounts) => {
        const samples = valueCounts.map((count, index) => ({
          meter: 'm1',
          atMs: index,
          quality: 'good' as const,
          values: Object.fromEntries(Array.from({ length: count }, (_, at) => [`q${at}`, at])),
        }))
        const batches = batchesOf(samples)
        expect(batches.flat()).toEqual(samples)
        for (const batch of batches) {
          const values = batch.reduce((sum, sample) => sum + Object.keys(sample.values).length, 0)
          expect(batch.length === 1 || values <= 10_000).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })
})
