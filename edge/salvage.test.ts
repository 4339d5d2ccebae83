import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import type { Sample } from '#contract/messages.ts'
import type { GapRecord } from '#contract/messages.ts'
import { messageOf } from './compression.ts'
import { Journal, type JournalRow } from './journal.ts'
import { energyAt } from './testing/samples.ts'

/** After a power cut: copies of a running journal's files, cut and with flipped bits, seeded by fast-check. */
const ROUNDS = Number(process.env['TANBIAO_DAMAGE_ROUNDS'] ?? 40)
const START_MS = Date.UTC(2026, 5, 1)
const ROWS = 120

let folder: string
let clock: ManualClock
let pristine: string
let opened: Journal | undefined
let rows: Map<number, JournalRow>
let epoch: string

const sampleAt = (atMs: number, index: number): Sample =>
  energyAt(atMs, `m${index}`, (atMs * 7919 + index) % 1_000_003)

const open = (file: string): Journal =>
  Journal.open({ file, gateway: 'gw-1', graceMs: 1e12, clock, compression: 'none' })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-salvage-'))
  clock = new ManualClock(START_MS)
  pristine = join(folder, 'running.sqlite')
  opened = open(pristine)
  epoch = opened.epoch ?? ''
  rows = new Map()
  for (let index = 1; index <= ROWS; index += 1) {
    clock.advance(5_000)
    const meters = Array.from({ length: 1 + ((index * 13) % 40) }, (_, meter) =>
      sampleAt(clock.wallMs(), meter),
    )
    for (const row of opened.append(meters)) rows.set(row.place, row)
    if (index % 7 === 0) opened.acknowledge(rows.get(index - 3)?.digest ?? '')
  }
})

afterEach(() => {
  opened?.close()
  rmSync(folder, { recursive: true })
})

const suffixes = ['', '-wal', '-shm'] as const

/** The files as they lie on disk while the agent runs. */
function powerCut(round: number): string {
  const file = join(folder, `cut-${round}.sqlite`)
  for (const suffix of suffixes) copyFileSync(`${pristine}${suffix}`, `${file}${suffix}`)
  return file
}

interface Blow {
  readonly suffix: (typeof suffixes)[number]
  readonly at: number
  readonly kind: 'cut' | 'flip' | 'zeros'
}

function strike(file: string, { suffix, at, kind }: Blow): void {
  const target = `${file}${suffix}`
  const { size } = statSync(target)
  if (size === 0) return
  const offset = Math.floor(at * size)
  if (kind === 'cut') return truncateSync(target, offset)
  const bytes = readFileSync(target)
  if (kind === 'flip') bytes[offset] = (bytes[offset] ?? 0) ^ (1 << (offset % 8))
  else bytes.fill(0, offset, Math.min(size, offset + 4_096))
  writeFileSync(target, bytes)
}

/** All that would be sent, now. */
function sendable(journal: Journal): JournalRow[] {
  // Looking at a row may declare it lost, which makes another.
  for (const place of journal.unacknowledged('oldest', 10_000)) journal.row(place)
  return journal
    .unacknowledged('oldest', 10_000)
    .map((place) => journal.row(place))
    .filter((row) => row !== undefined)
}

const gapsOf = (found: readonly JournalRow[]): GapRecord[] =>
  found.map(({ payload }) => messageOf(payload)).filter((message) => message?.kind === 'gap')

const unacknowledged = (): number[] => opened?.unacknowledged('oldest', 10_000).slice() ?? []

/** What the promise says of a journal that was opened after damage. */
function expectHonest(journal: Journal): void {
  const waited = unacknowledged()
  const found = sendable(journal)
  const gaps = gapsOf(found)
  const delivered = new Set<number>()
  for (const row of found) {
    const message = messageOf(row.payload)
    expect(message).toMatchObject({ epoch: row.epoch, seq: row.seq })
    if (message?.kind === 'gap') continue
    const original = rows.get(row.place)
    expect(row.epoch).toBe(epoch)
    expect(Buffer.from(row.payload).equals(Buffer.from(original?.payload ?? []))).toBe(true)
    delivered.add(row.place)
  }
  for (const place of waited.filter((each) => !delivered.has(each))) {
    const { seq = 0 } = rows.get(place) ?? {}
    const atMs = START_MS + place * 5_000
    const declared = gaps.some(
      ({ lost, fromMs, toMs }) =>
        (lost.epoch === epoch && lost.firstSeq <= seq && seq <= lost.lastSeq) ||
        (fromMs <= atMs && atMs <= toMs),
    )
    expect(declared, `place ${place} is neither there nor declared lost`).toBe(true)
  }
  const numbers = found.map(({ epoch: of, seq }) => `${of} ${seq}`)
  expect(new Set(numbers).size).toBe(numbers.length)
}

const blow = fc.record({
  suffix: fc.constantFrom(...suffixes, '' as const, '-wal' as const),
  // Anywhere alike: fast-check would prefer the very beginning.
  at: fc.noBias(fc.integer({ min: 0, max: 999_999 })).map((millionths) => millionths / 1e6),
  kind: fc.constantFrom('cut' as const, 'flip' as const, 'flip' as const, 'zeros' as const),
})

describe('a journal after a power cut', () => {
  it(`starts whatever was cut or flipped, sends no changed row, and declares what is gone (${ROUNDS} rounds)`, () => {
    let round = 0
    let damaged = 0
    let salvaged = 0
    fc.assert(
      fc.property(fc.array(blow, { minLength: 1, maxLength: 4 }), fc.boolean(), (blows, checkpointed) => {
        const file = powerCut((round += 1))
        if (checkpointed) {
          // The same after the log was carried over: damage then meets the tables themselves.
          open(file).close()
          for (const suffix of suffixes)
            if (!existsSync(`${file}${suffix}`)) writeFileSync(`${file}${suffix}`, '')
        }
        for (const each of blows) strike(file, each)
        for (const suffix of ['-wal', '-shm'])
          if (existsSync(`${file}${suffix}`) && statSync(`${file}${suffix}`).size === 0)
            rmSync(`${file}${suffix}`)
        clock.advance(60_000)
        const journal = open(file)
        try {
          expectHonest(journal)
          if (journal.damage !== undefined) {
            damaged += 1
            salvaged += journal.damage.salvaged
            expect(existsSync(journal.damage.aside)).toBe(true)
            expect(journal.epoch).not.toBe(epoch)
          }
          // It goes on, under numbers that were never given.
          const [next] = journal.append([sampleAt(clock.wallMs(), 0)])
          expect(journal.row(next?.place ?? 0)?.digest).toBe(next?.digest)
          if (next?.epoch === epoch) expect(next.seq).toBeGreaterThan(ROWS)
        } finally {
          journal.close()
        }
        const again = open(file)
        const { damage } = again
        again.close()
        expect(damage).toBeUndefined()
        for (const name of readdirSync(folder)) if (name.startsWith('cut-')) rmSync(join(folder, name))
      }),
      { numRuns: ROUNDS },
    )
    // The test would say nothing if nothing had been hit, or nothing could be saved.
    expect(damaged).toBeGreaterThan(ROUNDS / 10)
    expect(salvaged).toBeGreaterThan(0)
  }, 180_000)

  it('keeps every row, in its epoch, when nothing is damaged, and says that it was stopped', () => {
    const file = powerCut(0)
    const journal = open(file)
    expect(journal.damage).toBeUndefined()
    const found = sendable(journal)
    expect(gapsOf(found)).toMatchObject([{ cause: 'stopped', epoch: journal.epoch }])
    expect(found.slice(0, -1).map(({ place }) => place)).toEqual(unacknowledged())
    expectHonest(journal)
    journal.close()
  })

  it('takes over the rest when a page in the middle is gone, and names the numbers in between', () => {
    const file = powerCut(0)
    open(file).close()
    strike(file, { suffix: '', at: 0.5, kind: 'zeros' })
    const journal = open(file)
    expect(journal.damage?.salvaged).toBeGreaterThan(ROWS / 2)
    expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).not.toEqual([])
    const numbered = gapsOf(sendable(journal)).filter(({ lost }) => lost.epoch === epoch)
    expect(numbered.length).toBeGreaterThan(0)
    for (const { lost, cause } of numbered) {
      expect(cause).toBe('damaged')
      expect(lost.lastSeq - lost.firstSeq).toBeLessThan(ROWS / 2)
    }
    expectHonest(journal)
    journal.close()
  })

  it('takes over what lies before the cut when the file was cut short', () => {
    const file = powerCut(0)
    open(file).close()
    strike(file, { suffix: '', at: 0.8, kind: 'cut' })
    const journal = open(file)
    expect(journal.damage?.salvaged).toBeGreaterThan(ROWS / 3)
    expectHonest(journal)
    journal.close()
  })

  it('recovers when the damage shows while it runs', () => {
    const file = powerCut(0)
    const journal = open(file)
    const { size } = statSync(file)
    truncateSync(file, Math.floor(size / 4096 / 3) * 4_096)
    for (let index = 0; index < 30; index += 1) {
      clock.advance(1_000)
      journal.append(Array.from({ length: 40 }, (_, meter) => sampleAt(clock.wallMs(), meter)))
    }
    sendable(journal)
    journal.close()
    const again = open(file)
    expect(sendable(again).length).toBeGreaterThan(30)
    again.close()
  })

  it('keeps no more than two damaged files', () => {
    const file = powerCut(0)
    for (let times = 0; times < 4; times += 1) {
      clock.advance(1_000)
      strike(file, { suffix: '', at: 0, kind: 'zeros' })
      open(file).close()
    }
    const aside = readdirSync(folder).filter((name) => /\.damaged-[^.]*Z$/.test(name))
    expect(aside.length).toBe(2)
  })
})
