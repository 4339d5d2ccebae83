import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromBooks } from '#cli/platform-intervals.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { decode } from '#edge/decode.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { profileIds } from '#firmware-config/profile-library.ts'
import { loadProfile, type MappedRegister } from '#firmware-config/profile.ts'
import { demoParkPath } from '#simulators/demo.test-support.ts'
import { registerWords } from '#simulators/register-image.ts'
import { shownValue } from '#simulators/shown-value.ts'
import { changePage } from '#store/books/damaged-page.test-support.ts'
import { demoPlant } from './support/demo.ts'
import { makeInstallation, type Installation } from './support/installation.ts'
import { tanbiaoBeside, type Ran } from './support/tanbiao.ts'
import { until } from './support/until.ts'

// Two files: a week of them begins on Thursday the 7th.
const from = '2026-05-05T00:00:00Z'
const to = '2026-05-08T06:00:00Z'

/** True when the books hold an interval of every meter for every slot of the past. */
async function isComputed(file: string): Promise<true | undefined> {
  const period = { fromMs: Date.parse(from), toMs: Date.parse(to) }
  let books: ReturnType<typeof fromBooks> | undefined
  try {
    books = fromBooks(file)
    for (const meter of readParkFile(demoParkPath).meters.values()) {
      const intervals = await books.intervals(meter, period)
      if (intervals.length < (period.toMs - period.fromMs) / SLOT_MS) return undefined
    }
    return true
  } catch (error) {
    // The server and the import write into them meanwhile.
    if (error instanceof Fault && error.retryable) return undefined
    throw error
  } finally {
    books?.close()
  }
}

/** False for a value that does not fit into the register. */
function canShow(register: MappedRegister, value: number): boolean {
  try {
    return registerWords(register, value).length > 0
  } catch (error) {
    if (error instanceof Fault && error.code === 'amount-overflow') return false
    throw error
  }
}

describe('A reading of the past', () => {
  const registers = profileIds().flatMap((id) => loadProfile(id).registers)

  it('is what the edge makes of the register at that instant', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...registers),
        fc.double({ min: 0, max: 3_000, noNaN: true }),
        (register, value) => {
          fc.pre(canShow(register, value))
          const shown = shownValue(register, value)
          const request = {
            function: register.function,
            address: register.address,
            quantity: register.words,
            registers: [register],
          }
          const [reading] = decode(request, [...registerWords(register, value)], 1, 'm', 'good')
          // A value that a profile uses as a mark for "none" is read as none.
          fc.pre(reading?.quality !== 'bad')
          expect(reading).toMatchObject({ value: shown })
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('The past of a park', () => {
  let installation: Installation
  let history: string
  let data: string
  let url: string
  beforeAll(async () => {
    installation = makeInstallation()
    history = join(installation.folder, 'history')
    data = join(installation.folder, 'server')
    const server = installation.start('serve', 'serve', {
      park: demoParkPath,
      data,
      port: 0,
      'mqtt-port': 0,
      simulated: true,
      'open-as': 'auditor',
    })
    url = (await server.told('ready')).url
  })
  afterAll(async () => {
    await installation.remove()
  })

  const write = (...more: readonly string[]): Promise<Ran> =>
    tanbiaoBeside('simulate', 'history', ...demoPlant, '--from', from, '--to', to, '--out', history, ...more)
  const take = (): Promise<Ran> => tanbiaoBeside('import', history, '--park', demoParkPath, '--data', data)
  const gradeOf = (...more: readonly string[]): Promise<Ran> =>
    tanbiaoBeside('grade', ...demoPlant, '--from', from, '--to', to, '--answer-ms', '0', ...more)
  const contents = (): string[] =>
    readdirSync(history)
      .toSorted()
      .map((name) => readFileSync(join(history, name)).toString('base64'))

  it('is written once, the same to the byte, and never over another one', async () => {
    expect((await write()).code).toBe(0)
    const before = contents()
    expect(readdirSync(history).filter((name) => name.startsWith('readings-')).length).toBeGreaterThan(1)
    for (const name of readdirSync(history)) if (name.endsWith('.zst')) rmSync(join(history, name))
    expect((await write()).code).toBe(0)
    expect(contents()).toEqual(before)
    const other = await tanbiaoBeside(
      'simulate',
      'history',
      ...demoPlant,
      '--from',
      from,
      '--to',
      '2026-05-06T00:00:00Z',
      '--out',
      history,
    )
    expect(other.code).toBe(1)
    expect(other.out).toContain('[folder-unusable]')
  })

  it('comes into a running server, once, and differs from the truth by nothing', async () => {
    const first = await take()
    expect(first.code, first.out).toBe(0)
    expect(first.out).toMatch(/[1-9]\d* readings in [1-9]\d* lines imported/)
    expect((await take()).out).toContain('0 readings in 0 lines imported')
    // Looking into the books costs less of the machine, which computes them, than grading them again and again.
    await until(() => isComputed(join(data, 'books.sqlite')), 200_000)
    const clean = await until(async () => {
      const ran = await gradeOf('--data', data)
      return ran.code === 0 ? ran : undefined
    }, 200_000)
    expect(clean.out).toContain('Nothing is lost or invented without a visible reason.')
    const overHttp = await gradeOf('--url', url, '--json')
    expect(overHttp.code, overHttp.out.slice(-500)).toBe(0)
    expect(JSON.parse(overHttp.out)).toMatchObject({ clean: true })
  })

  it('that is damaged in the books is named with its cause', async () => {
    const slotMs = Date.parse('2026-05-06T09:30:00Z')
    // The server may be writing.
    const books = new DatabaseSync(join(data, 'books.sqlite'), { timeout: 60_000 })
    changePage(books, 'computing-it', slotMs, () => undefined)
    books.close()
    const damaged = await gradeOf('--data', data)
    expect(damaged.code).toBe(1)
    expect(damaged.out).toMatch(
      /lost computing-it 2026-05-06T09:30:00Z … 2026-05-06T09:45:00Z: truth \d+\.\d+, platform –: NO REASON/,
    )
    expect(damaged.out).toContain('[grade-differs]')

    const faults = join(installation.folder, 'faults.jsonl')
    const target = { gateway: 'gateway-west' }
    const lines = [
      { id: 's1', phase: 'begins', atMs: slotMs, kind: 'power-cut', target },
      { id: 's1', phase: 'ends', atMs: slotMs + 1_000, kind: 'power-cut', target },
    ]
    writeFileSync(faults, lines.map((line) => JSON.stringify(line)).join('\n'))
    const explained = await gradeOf('--data', data, '--fault-log', faults)
    expect(explained.code, explained.out.slice(-500)).toBe(0)
    expect(explained.out).toContain('fault s1 power-cut')
  })
})
