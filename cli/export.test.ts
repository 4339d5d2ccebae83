import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import type { Boundary, Interval } from '#contract/interval.ts'
import { badCauses, type BadCause, type Reading } from '#contract/reading.ts'
import { importFile, type ImportOptions, type ImportResult } from '#ingest/import.ts'
import { MemoryStore, T0, testPark } from '#ingest/ingest.test-support.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { openExport } from './export-file.ts'
import { exportTo, intervalsSource, readingsSource, type ExportFormat } from './export.ts'

const park = testPark()
const meters = [...park.meters.values()]
const clock = new ManualClock(T0 + 365 * 86_400_000)
const everything = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-export-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const causes = Object.keys(badCauses).filter((each): each is BadCause => each in badCauses)
const identity = fc.record({
  meter: fc.constantFrom('meter-a', 'meter-b'),
  // Several days, so that there are several stretches.
  atMs: fc.integer({ min: 0, max: 4_000 }).map((minutes) => T0 + minutes * 61_007),
})
const quality = fc.constantFrom('good', 'uncertain', 'simulated', 'manual')
const anyReading: fc.Arbitrary<Reading> = fc.oneof(
  fc
    .tuple(identity, quality, fc.double({ noNaN: true, noDefaultInfinity: true }))
    .map(([where, quality, value]) => ({
      ...where,
      quality,
      quantity: 'voltage.l1' as const,
      value: value + 0,
    })),
  fc
    .tuple(identity, quality, fc.maxSafeNat(), fc.constantFrom('0.01', '1', '10', '0.000000001'))
    .map(([where, quality, count, resolution]) => {
      return {
        ...where,
        quality,
        quantity: 'activeEnergyImport.total' as const,
        value: { count, resolution },
      }
    }),
  fc.tuple(identity, fc.constantFrom(...causes)).map(([where, cause]) => ({
    ...where,
    quality: 'bad' as const,
    quantity: 'activePower.total' as const,
    cause,
  })),
)
const identityOf = (reading: Reading): string => `${reading.meter} ${reading.quantity} ${reading.atMs}`
const distinct = fc.uniqueArray(anyReading, { selector: identityOf, minLength: 1, maxLength: 80 })

async function allOf(store: ReadingStore): Promise<Reading[]> {
  const all: Reading[] = []
  for (const { id } of meters)
    for (const quantity of ['voltage.l1', 'activeEnergyImport.total', 'activePower.total'] as const)
      all.push(...(await store.readings(id, quantity, everything)))
  return all
}

/** Writes readings to a file, stopping after some stretches each time it is begun. */
async function exportAll(store: ReadingStore, out: string, format: ExportFormat, stretches = Infinity) {
  for (let calls = 1; ; calls += 1) {
    const abort = new AbortController()
    let [seen, before] = [0, 0]
    const file = openExport(out, format)
    const isWhole = await exportTo({
      meters,
      period: { fromMs: T0, toMs: everything.toMs },
      source: readingsSource(store, format),
      file,
      signal: abort.signal,
      onProgress: (_done, written) => {
        if (written > before) seen += 1
        before = written
        if (seen >= stretches) abort.abort()
      },
    })
    // As a kill would leave it: a line that no note speaks of.
    if (!isWhole) file.write('meter-a,half a li')
    file.close()
    if (isWhole) return calls
  }
}

function importAll(
  store: ReadingStore,
  file: string,
  more: Partial<ImportOptions> = {},
): Promise<ImportResult> {
  return importFile({
    file,
    markFile: join(folder, 'mark.json'),
    park,
    store,
    clock,
    random: () => 0,
    log: pino({ level: 'silent' }),
    signal: new AbortController().signal,
    ...more,
  })
}

describe.each([
  ['CSV', 'csv', 'readings.csv'],
  ['line protocol', 'lines', 'readings.lp'],
] as const)('readings as %s', (_name, format, name) => {
  it('come back from a file into an empty store as they were', async () => {
    await fc.assert(
      fc.asyncProperty(distinct, fc.integer({ min: 1, max: 3 }), async (readings, stretches) => {
        const own = mkdtempSync(join(folder, 'run-'))
        const from = await openReadingStore(`sqlite:${join(own, 'from.sqlite')}`)
        const to = await openReadingStore(`sqlite:${join(own, 'to.sqlite')}`)
        try {
          await from.append(readings)
          const [out, interrupted] = [join(own, name), join(own, `interrupted-${name}`)]
          await exportAll(from, out, format)
          await exportAll(from, interrupted, format, stretches)
          expect(readFileSync(interrupted, 'utf8')).toBe(readFileSync(out, 'utf8'))
          expect(existsSync(`${interrupted}.note`)).toBe(false)
          expect(await importAll(to, out)).toMatchObject({
            complete: true,
            refused: 0,
            readings: readings.length,
          })
          expect(await allOf(to)).toEqual(await allOf(from))
        } finally {
          await from.close()
          await to.close()
        }
      }),
      { numRuns: 8 },
    )
  })
})

it('an export is begun anew where something else is asked for, and goes on where it was interrupted', async () => {
  const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
  const hour = (index: number): Reading => {
    return {
      meter: 'meter-a',
      quantity: 'voltage.l1',
      atMs: T0 + index * 3_600_000,
      quality: 'good',
      value: index,
    }
  }
  await store.append(Array.from({ length: 500 }, (_, index) => hour(index)))
  expect(await exportAll(store, join(folder, 'a.csv'), 'csv', 1)).toBeGreaterThan(3)
  expect(readFileSync(join(folder, 'a.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(501)
  const first = openExport(join(folder, 'b.csv'), 'one wish')
  first.write('half')
  first.mark({ meter: 3, fromMs: 5 })
  first.close()
  const same = openExport(join(folder, 'b.csv'), 'one wish')
  expect(same.resumesAt).toMatchObject({ meter: 3, fromMs: 5 })
  same.close()
  const other = openExport(join(folder, 'b.csv'), 'another')
  expect(other.resumesAt).toBeUndefined()
  other.finish()
  expect(readFileSync(join(folder, 'b.csv'), 'utf8')).toBe('')
  await store.close()
})

describe('an import of readings', () => {
  const read = async (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    const store = new MemoryStore()
    const result = await importAll(store, join(folder, name))
    return { store, result, refused: [...store.commits.values()].flatMap((record) => record.refused) }
  }

  it('takes what persons read off, and puts each line that it cannot take into quarantine with its number', async () => {
    const { store, result, refused } = await read(
      'readings-2026.csv',
      [
        'meter,time,value',
        'meter-a,2026-07-01 08:00,1234.5',
        'meter-a,2026-07-31 08:00,"1300.25"',
        'meter-x,2026-07-01 08:00,1',
        'meter-a,2026-02-30 08:00,1',
        'meter-a,2031-07-01 08:00,1',
        'meter-a,2026-08-01 08:00,-5',
        '',
        '',
        '',
        'no reading at all',
      ].join('\r\n'),
    )
    expect(result).toMatchObject({ complete: true, readings: 2, refused: 5 })
    expect([...store.stored.values()]).toMatchObject([
      { quality: 'manual', value: { count: 12_345, resolution: '0.1' } },
      { quality: 'manual', value: { count: 130_025, resolution: '0.01' } },
    ])
    expect(refused.map(({ code, detail }) => [code, detail.split(':')[0]])).toEqual([
      ['meter-unknown', 'line 4'],
      ['message-undecodable', 'line 5'],
      ['time-in-future', 'line 6'],
      ['register-impossible', 'line 7'],
      ['message-undecodable', 'line 11'],
    ])
    const [record] = store.commits.values()
    expect(record).toMatchObject({ gateway: 'import', epoch: null, seq: null, stored: 2 })
  })

  it('does not let a line that says nothing of its quality hide what was measured', async () => {
    const store = new MemoryStore()
    const atMs = Date.UTC(2026, 6, 1)
    const value = { count: 12_000, resolution: '0.1' }
    const measured = {
      meter: 'meter-a',
      quantity: 'activeEnergyImport.total',
      atMs,
      quality: 'good',
      value,
    } as const
    await store.append([measured])
    const file = join(folder, 'readings-by-hand.csv')
    writeFileSync(
      file,
      'meter,time,value\n\nmeter-a,2026-07-01 08:00,1234.5\nmeter-a,2026-07-01 08:15,1235.5',
    )
    expect(await importAll(store, file)).toMatchObject({ readings: 1, refused: 1 })
    expect(store.stored.size).toBe(2)
    const [refused] = [...store.commits.values()].flatMap((record) => record.refused)
    expect(refused).toMatchObject({
      code: 'reading-measured',
      detail: expect.stringMatching(/^line 3: .*showed 1200\.0;/),
      meter: 'meter-a',
    })
    // Said outright, it stands.
    const said = join(folder, 'readings-said.csv')
    writeFileSync(said, 'meter,time,value,quality\nmeter-a,2026-07-01 08:00,1234.5,manual')
    expect(await importAll(store, said, { markFile: join(folder, 'said.json') })).toMatchObject({
      readings: 1,
      refused: 0,
    })
  })

  it('is continued where it was interrupted, and done once', async () => {
    const file = join(folder, 'readings.csv')
    const lines = Array.from({ length: 7_500 }, (_, index) => {
      const time = Temporal.Instant.fromEpochMilliseconds(T0 + index).toString()
      return `meter-a,voltage.l1,${time},good,${index}`
    })
    writeFileSync(file, ['meter,quantity,time,quality,value', ...lines].join('\n'))
    const store = new MemoryStore()
    const abort = new AbortController()
    const interrupted = await importAll(store, file, {
      signal: abort.signal,
      onProgress: () => abort.abort(),
    })
    expect(interrupted).toMatchObject({ complete: false, rows: 3_001, readings: 3_000 })
    expect(await importAll(store, file)).toMatchObject({ complete: true, rows: 4_500, readings: 4_500 })
    expect(await importAll(store, file)).toMatchObject({ complete: true, rows: 0, readings: 0 })
    expect(store.stored.size).toBe(7_500)
    expect(store.commits.size).toBe(8)
  })

  it('of a file without its head is refused as a whole', async () => {
    await expect(read('readings.csv', 'meter-a,2026-07-01 08:00,1')).rejects.toMatchObject({
      code: 'file-invalid',
    })
  })
})

it('intervals are written as they are kept: a missing one has no energy', async () => {
  const books = openBooks(join(folder, 'books.sqlite'))
  const slot = { meter: 'meter-a', quantity: 'activeEnergyImport.total' } as const
  const lineAt = (atMs: number, count: number): Boundary => {
    const register = { count, resolution: '0.1' }
    return { atMs, register, method: 'measured', before: { atMs, register }, after: { atMs, register } }
  }
  const missing: Interval = {
    ...slot,
    slotMs: T0 + 900_000,
    state: 'missing',
    cause: 'no-readings',
    undecided: [],
  }
  const known: Interval = {
    ...slot,
    slotMs: T0,
    state: 'known',
    basis: 'register',
    energy: { count: 125, resolution: '0.1' },
    method: 'measured',
    coverage: 1,
    simulated: false,
    uncertain: false,
    undecided: [],
    opening: lineAt(T0, 0),
    closing: lineAt(T0 + 900_000, 125),
  }
  books.record({ meter: 'meter-a', fromMs: 1, toMs: 0 }, [known, missing], clock.wallMs())
  const written = async (format: ExportFormat): Promise<string> => {
    const file = openExport(join(folder, format), format)
    const source = intervalsSource(books, format)
    const signal = new AbortController().signal
    await exportTo({ meters, period: everything, source, file, signal, onProgress: () => {} })
    return readFileSync(join(folder, format), 'utf8')
  }
  expect((await written('csv')).split('\n').slice(1, 3)).toEqual([
    'meter-a,activeEnergyImport.total,2026-06-01T00:00:00Z,known,12.5,0.1,measured,register,1,false,false,0,1,',
    'meter-a,activeEnergyImport.total,2026-06-01T00:15:00Z,missing,,,,,,,,0,1,no-readings',
  ])
  expect((await written('lines')).split('\n').slice(0, 2)).toEqual([
    `interval,carrier=electricity,meter=meter-a,quantity=activeEnergyImport.total state="known",revision=1i,undecided=0i,energy=12.5,count=125i,resolution="0.1",method="measured",coverage=1,simulated=0i,uncertain=0i ${T0}000000`,
    `interval,carrier=electricity,meter=meter-a,quantity=activeEnergyImport.total state="no-readings",revision=1i,undecided=0i ${T0 + 900_000}000000`,
  ])
  books.close()
})
