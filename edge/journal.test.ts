import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { SAMPLES_PER_BATCH_MAX, uplinkMessage, type UplinkMessage } from '#contract/messages.ts'
import { unpack } from './compression.ts'
import { Journal, type JournalOptions, type JournalRow } from './journal.ts'
import { energyAt } from './testing/samples.ts'

let folder: string
let file: string
let clock: ManualClock
const opened: Journal[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-journal-'))
  file = join(folder, 'journal.sqlite')
  clock = new ManualClock(10 * HOUR_MS)
})

afterEach(() => {
  for (const journal of opened.splice(0)) journal.close()
  rmSync(folder, { recursive: true })
})

function open(gateway = 'gw-1', more: Partial<JournalOptions> = {}): Journal {
  const journal = Journal.open({ file, gateway, graceMs: 24 * HOUR_MS, clock, ...more })
  opened.push(journal)
  return journal
}

function reopen(): Journal {
  opened.pop()?.close()
  return open()
}

const contentOf = (row: JournalRow): UplinkMessage => uplinkMessage.parse(unpack(row.payload))

function intact(journal: Journal, seq: number): JournalRow {
  const row = journal.row(seq)
  if (row === undefined) throw new Error(`row ${seq} is gone`)
  expect(createHash('sha256').update(row.payload).digest('hex')).toBe(row.digest)
  return row
}

/** The epoch of the rows whose places a killed program printed. */
const promisedEpoch = (journal: Journal, promised: readonly string[]): string =>
  intact(journal, Number(promised[0]?.split(' ')[0])).epoch

describe('Journal', () => {
  it('numbers rows from 1 and keeps their bytes through a restart', () => {
    const first = open()
    const before = [1, 2, 3].flatMap((atMs) => first.append([energyAt(atMs)]))
    const journal = reopen()
    expect(journal.epoch).toMatch(/^[0-9a-f]{32}$/)
    for (const [index, row] of before.entries()) {
      expect(row.seq).toBe(index + 1)
      expect(intact(journal, row.seq)).toEqual({ ...row, payload: new Uint8Array(row.payload) })
      expect(contentOf(row)).toMatchObject({ gateway: 'gw-1', epoch: journal.epoch, seq: row.seq })
    }
  })

  it('makes another epoch for another file', () => {
    const first = open().epoch
    file = join(folder, 'other.sqlite')
    expect(open().epoch).not.toBe(first)
  })

  it('never gives a number twice, also after all rows were deleted and a restart', () => {
    let journal = open()
    const rows = [1, 2, 3].flatMap((atMs) => journal.append([energyAt(atMs)]))
    for (const row of rows) expect(journal.acknowledge(row.digest)).toBe(row.seq)
    clock.advance(24 * HOUR_MS)
    expect(journal.trim()).toBe(3)
    journal = reopen()
    expect(journal.row(3)).toBeUndefined()
    expect(journal.append([energyAt(4)])[0]?.seq).toBe(4)
  })

  it('deletes a row only when its receipt is older than the grace time', () => {
    const journal = open()
    const [first] = journal.append([energyAt(1)])
    journal.append([energyAt(2)])
    journal.acknowledge(first?.digest ?? '')
    clock.advance(24 * HOUR_MS - 1)
    expect(journal.trim()).toBe(0)
    clock.advance(1)
    expect(journal.trim()).toBe(1)
    clock.advance(1_000 * HOUR_MS)
    expect(journal.trim()).toBe(0)
    intact(journal, 2)
  })

  it('takes a receipt only for exactly the bytes of a row, and once', () => {
    const journal = open()
    const [row] = journal.append([energyAt(1)])
    const right = row?.digest ?? ''
    const wrong = right.replace(/^./, right.startsWith('0') ? '1' : '0')
    expect(journal.acknowledge(wrong)).toBeUndefined()
    expect(journal.waiting().rows).toBe(1)
    expect(journal.acknowledge(right)).toBe(1)
    expect(journal.acknowledge(right)).toBeUndefined()
    expect(journal.waiting()).toEqual({ rows: 0, bytes: 0, oldestMs: undefined })
  })

  it('says what waits, from both ends', () => {
    const journal = open()
    const rows = [30, 10, 20].flatMap((atMs) => journal.append([energyAt(atMs)]))
    journal.acknowledge(rows[0]?.digest ?? '')
    expect(journal.unacknowledged('oldest', 10)).toEqual([2, 3])
    expect(journal.unacknowledged('newest', 1)).toEqual([3])
    const bytes = rows.slice(1).reduce((sum, row) => sum + row.payload.length, 0)
    expect(journal.waiting()).toEqual({ rows: 2, bytes, oldestMs: 10 })
  })

  it('splits what is too much for one message', () => {
    const samples = Array.from({ length: 2 * SAMPLES_PER_BATCH_MAX + 1 }, (_, index) => energyAt(index))
    const sizes = open()
      .append(samples)
      .map((row) => {
        const content = contentOf(row)
        return content.kind === 'readings' ? content.samples.length : 0
      })
    expect(sizes).toEqual([SAMPLES_PER_BATCH_MAX, SAMPLES_PER_BATCH_MAX, 1])
  })

  it('declares readings that got no number as the loss of one', () => {
    const journal = open()
    const row = journal.appendGap({ cause: 'disk', fromMs: 5, toMs: 9, readings: 3, meters: ['m1'] })
    expect(contentOf(row)).toMatchObject({
      kind: 'gap',
      seq: 2,
      lost: { epoch: journal.epoch, firstSeq: 1, lastSeq: 1 },
      cause: 'disk',
      fromMs: 5,
      toMs: 9,
      readings: 3,
      meters: ['m1'],
    })
    expect(journal.append([energyAt(10)])[0]?.seq).toBe(3)
  })

  it('does not hand out bytes that were changed on disk, and declares them lost', () => {
    const journal = open()
    journal.append([energyAt(1)])
    const vandal = new DatabaseSync(file)
    vandal.exec(`UPDATE batch SET payload = CAST(replace(CAST(payload AS TEXT), '"m1"', '"m2"') AS BLOB)`)
    vandal.close()
    expect(journal.row(1)).toBeUndefined()
    expect(journal.unacknowledged('oldest', 9)).toEqual([2])
    const gap = contentOf(intact(journal, 2))
    expect(gap).toMatchObject({
      kind: 'gap',
      cause: 'damaged',
      lost: { firstSeq: 1, lastSeq: 1 },
      readings: 1,
    })
    expect(gap).toMatchObject({ fromMs: 1, toMs: 1 })
  })

  const unusable: Record<string, () => void> = {
    'is in no folder': () => (file = join(folder, 'missing', 'journal.sqlite')),
    'is a folder': () => (file = folder),
    'belongs to another gateway': () => {
      open('gw-2').close()
      opened.length = 0
    },
    'is of a later format': () => {
      const later = new DatabaseSync(file)
      later.exec(`PRAGMA user_version = 99; PRAGMA application_id = ${~99}`)
      later.close()
    },
  }
  for (const [what, prepare] of Object.entries(unusable)) {
    it(`says journal-unusable of a file that ${what}`, () => {
      prepare()
      expect(() => open()).toThrow(expect.objectContaining({ code: 'journal-unusable' }))
    })
  }

  it('holds every row that was appended before a SIGKILL, numbered without a hole', async () => {
    const program = fileURLToPath(new URL('testing/append-forever.ts', import.meta.url))
    for (const linesBeforeKill of [1, 7, 40]) {
      const child = spawn(process.execPath, [program, file], { stdio: ['ignore', 'pipe', 'inherit'] })
      let printed = ''
      await new Promise<void>((resolve) => {
        child.on('close', () => resolve())
        child.stdout.on('data', (chunk: Buffer) => {
          printed += chunk.toString('latin1')
          if (printed.split('\n').length > linesBeforeKill) child.kill('SIGKILL')
        })
      })
      expect(child.signalCode).toBe('SIGKILL')
      const journal = open('crash-test')
      const promised = printed.split('\n').slice(0, -1)
      expect(promised.length).toBeGreaterThanOrEqual(linesBeforeKill)
      for (const line of promised) {
        const [place, digest] = line.split(' ')
        expect(intact(journal, Number(place)).digest).toBe(digest)
      }
      const all = journal.unacknowledged('oldest', 1_000_000).map((place) => intact(journal, place))
      const gap = all.pop()
      const killed = all.filter(({ epoch }) => epoch === promisedEpoch(journal, promised))
      const firstSeq = killed[0]?.seq ?? 0
      expect(killed.map(({ seq }) => seq)).toEqual(killed.map((_, index) => firstSeq + index))
      for (const row of all) expect(contentOf(row)).toMatchObject({ epoch: row.epoch, seq: row.seq })
      // The start after a kill begins another epoch, and says since when nothing was read.
      expect(gap?.epoch).toBe(journal.epoch)
      expect(gap === undefined ? undefined : contentOf(gap)).toMatchObject({ kind: 'gap', cause: 'stopped' })
      opened.pop()?.close()
    }
  })
})
