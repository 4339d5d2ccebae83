import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { AccessBook } from '#store/access-book.ts'
import { HeadNotes } from './head-notes.ts'
import { headsIn } from './ledger-heads.ts'
import { march, PostingBench } from './posting.test-support.ts'

let bench: PostingBench
let access: AccessBook
let file: string
let logged: string[]

beforeEach(async () => {
  bench = new PostingBench()
  access = new AccessBook(join(bench.folder, 'access.sqlite'))
  file = join(bench.folder, 'elsewhere.txt')
  logged = []
  bench.fill('steel-incoming', march)
  bench.fill('food-incoming', march)
  await bench.post()
  access.note({ atMs: 1, user: 'officer', address: '::1', action: 'POST /x', detail: '' })
})
afterEach(() => {
  access.close()
  bench.remove()
})

const sink = new Writable({
  write: (chunk, _, done) => {
    logged.push(String(chunk))
    done()
  },
})
const notes = (): HeadNotes =>
  new HeadNotes({
    books: bench.books,
    audit: access.auditLog,
    file,
    clock: bench.clock,
    log: pino(sink),
  })
const lines = (): string[] =>
  headsIn(readFileSync(file, 'utf8'), file).map(({ account, number }) => `${account} ${number}`)
const lastLogged = () =>
  z
    .looseObject({ msg: z.string(), bytes: z.int().optional(), sha256: z.string().optional() })
    .parse(JSON.parse(logged.at(-1) ?? ''))

describe('ends of chains, noted by the server', () => {
  test('have a line each time that a chain has grown, and the log knows the file', () => {
    expect(notes().note()).toEqual([])
    expect(lines()).toEqual(['food 2', 'steel 2', '@audit-log 1'])
    notes().note()
    expect(lines()).toHaveLength(3)
    bench.close('steel', '2026-03')
    expect(notes().note()).toEqual([])
    expect(lines()).toEqual(['food 2', 'steel 2', '@audit-log 1', 'steel 3'])
    const { msg, bytes, sha256 } = lastLogged()
    const noted = readFileSync(file).subarray(0, bytes)
    expect([msg, sha256]).toEqual(['ends of ledgers noted', createHash('sha256').update(noted).digest('hex')])
  })

  test('show what is gone since, once and without anybody asking', () => {
    bench.close('steel', '2026-03')
    notes().note()
    // Books and users of an older backup in the place of those that were here.
    bench.books.close()
    access.close()
    bench.remove()
    mkdirSync(bench.folder)
    bench.reopenFile()
    access = new AccessBook(join(bench.folder, 'access.sqlite'))
    const text = [`steel 3 ${'a'.repeat(64)}`, `food 2 ${'b'.repeat(64)}`, `@audit-log 1 ${'c'.repeat(64)}`]
    writeFileSync(file, text.map((line) => `${line} 2026-05-10T00:00:00.000Z\n`).join(''))
    expect(
      notes()
        .note()
        .map(({ account, entry, message }) => `${account} ${entry}: ${message}`),
    ).toEqual([
      'steel 3: it is gone: at 2026-05-10T00:00:00.000Z it was the last one',
      'food 2: it is gone: at 2026-05-10T00:00:00.000Z it was the last one',
      '@audit-log 1: it is gone: at 2026-05-10T00:00:00.000Z it was the last one',
    ])
    expect(logged.filter((line) => line.includes('ledger-damaged'))).toHaveLength(3)
  })

  test('go on after a line that a power cut has cut off', () => {
    notes().note()
    appendFileSync(file, 'steel 3 abc')
    bench.close('steel', '2026-03')
    expect(notes().note()).toEqual([])
    expect(lines()).toEqual(['food 2', 'steel 2', '@audit-log 1', 'steel 3'])
  })

  test('are tried again the next day where they cannot be noted, and stop with the server', async () => {
    writeFileSync(file, 'no line\n')
    const stop = new AbortController()
    const running = notes().run(stop.signal)
    await expect.poll(() => logged.length).toBe(1)
    expect(lastLogged().msg).toMatch(
      /^ends of ledgers are not noted today: .*no line of "tanbiao ledger heads"/,
    )
    writeFileSync(file, '')
    bench.clock.advance(24 * 3_600_000)
    await expect.poll(() => logged.length).toBe(2)
    expect(lines()).toHaveLength(3)
    stop.abort()
    await running
  })
})
