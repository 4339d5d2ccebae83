import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { MINUTE_MS } from '#contract/duration.ts'
import { Fault } from '#contract/fault.ts'
import { importFile, type ImportOptions } from './import.ts'
import { UNNAMED_GATEWAY } from './import-pieces.ts'
import { fileLines, surveyOf } from './import-lines.ts'
import { batchOf, epochOf, MemoryStore, sampleOf, T0, testPark } from './ingest.test-support.ts'
import { PAYLOAD_BYTES_MAX } from './validate.ts'

const park = testPark()

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-import-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** A batch of many samples, so that a few of them fill a group. */
const batch = (gateway: string, meter: string, seq: number): string => {
  const samples = Array.from({ length: 800 }, (_, index) =>
    sampleOf(meter, T0 + (seq * 800 + index) * MINUTE_MS, seq * 800 + index),
  )
  return Buffer.from(batchOf(gateway, seq, samples, epochOf('c'))).toString()
}
const lines = [1, 2, 3, 4, 5].flatMap((seq) => [batch('gw-a', 'meter-a', seq), batch('gw-b', 'meter-b', seq)])

const fileOf = (content: string): string => {
  const file = join(folder, 'past.jsonl.zst')
  writeFileSync(file, zstdCompressSync(content))
  return file
}

const clock = new ManualClock(T0 + 365 * 24 * 60 * MINUTE_MS)
const run = (store: MemoryStore, file: string, more: Partial<ImportOptions> = {}) =>
  importFile({
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

const collected = async (file: string): Promise<string[]> => {
  const all: string[] = []
  for await (const { bytes } of fileLines(file)) all.push(Buffer.from(bytes).toString())
  return all
}

describe('An import', () => {
  it('stores every reading and leaves one commit record for each payload', async () => {
    const store = new MemoryStore()
    const seen: number[] = []
    const result = await run(store, fileOf(lines.join('\n')), { onProgress: (rows) => seen.push(rows) })
    expect(result).toEqual({ complete: true, rows: 10, readings: 16_000, refused: 0 })
    expect(store.stored.size).toBe(16_000)
    expect(store.commits.size).toBe(10)
    expect(seen.at(-1)).toBe(10)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    for (const [index, step] of store.steps.entries()) {
      expect(step.split(' ')[0]).toBe(index % 2 === 0 ? 'append' : 'commits')
    }
  })

  it('is done once, however often it is asked for', async () => {
    const store = new MemoryStore()
    const file = fileOf(lines.join('\n'))
    await run(store, file)
    const steps = [...store.steps]
    expect(await run(store, file)).toEqual({ complete: true, rows: 0, readings: 0, refused: 0 })
    expect(store.steps).toEqual(steps)
  })

  it('continues wherever it was interrupted, and commits no payload twice', async () => {
    const file = fileOf(lines.join('\n'))
    const whole = new MemoryStore()
    await run(whole, file, { markFile: join(folder, 'whole.json') })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 }), async (stops) => {
        const store = new MemoryStore()
        const markFile = join(folder, `${Math.max(0, ...readdirSync(folder).map((_, i) => i + 1))}.json`)
        let rows = 0
        for (const stop of stops) {
          const ends = new AbortController()
          let groups = 0
          const result = await run(store, file, {
            markFile,
            signal: ends.signal,
            onProgress: () => {
              groups += 1
              if (groups >= stop) ends.abort()
            },
          })
          rows += result.rows
        }
        rows += (await run(store, file, { markFile })).rows
        expect(rows).toBe(lines.length)
        expect(store.contents()).toEqual(whole.contents())
        expect([...store.commits.keys()].toSorted()).toEqual([...whole.commits.keys()].toSorted())
      }),
      { numRuns: 15 },
    )
  })

  it('begins again for a store that does not have what the mark says', async () => {
    const file = fileOf(lines.join('\n'))
    await run(new MemoryStore(), file)
    const empty = new MemoryStore()
    expect((await run(empty, file)).rows).toBe(lines.length)
    writeFileSync(join(folder, 'mark.json'), '{"half')
    expect((await run(new MemoryStore(), file)).rows).toBe(lines.length)
  })

  it('puts what it refuses into quarantine, and the rest into the store', async () => {
    const store = new MemoryStore()
    const unknown = Buffer.from(batchOf('gw-a', 1, [sampleOf('nobody', T0, 1), sampleOf('meter-a', T0, 1)]))
    const stranger = Buffer.from(batchOf('gw-z', 1, [sampleOf('meter-a', T0, 1)])).toString()
    const content = ['{"half a line', '{"gateway":"gw-z"}', unknown.toString(), stranger, '{}', ''].join('\n')
    const result = await run(store, fileOf(content))
    expect(result).toEqual({ complete: true, rows: 5, readings: 2, refused: 6 })
    const refused = [...store.commits.values()].flatMap(({ gateway, refused }) =>
      refused.map(({ code }) => [gateway, code]),
    )
    expect(refused).toEqual([
      [UNNAMED_GATEWAY, 'message-undecodable'],
      ['gw-z', 'gateway-unknown'],
      ['gw-a', 'meter-unknown'],
      ['gw-z', 'gateway-unknown'],
      [UNNAMED_GATEWAY, 'gateway-unknown'],
    ])
  })

  it('waits for a store that is away, and passes on what trying again does not mend', async () => {
    const store = new MemoryStore()
    let failures = 3
    store.before = () => {
      failures -= 1
      if (failures >= 0) throw new Fault('store-unavailable', 'away')
    }
    const waiting = {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => 0,
      after: () => () => {},
      sleep: async () => {},
    }
    expect((await run(store, fileOf(lines.join('\n')), { clock: waiting })).rows).toBe(lines.length)

    store.before = () => {
      throw new RangeError('a defect')
    }
    const again = run(store, fileOf(lines.slice(1).join('\n')), { markFile: join(folder, 'other.json') })
    await expect(again).rejects.toThrow('a defect')
  })
})

describe('The lines of an import file', () => {
  it('are the same compressed and plain, with and without a last newline', async () => {
    const texts = ['{"a":1}', '{"b":"你好"}', '{}']
    for (const end of ['', '\n', '\n\n']) {
      const plain = join(folder, 'plain.jsonl')
      writeFileSync(plain, texts.join('\n') + end)
      expect(await collected(plain)).toEqual(texts)
      expect(await collected(fileOf(texts.join('\n') + end))).toEqual(texts)
      expect(await surveyOf(plain)).toEqual({ rows: 3, digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
    }
  })

  it('cannot be longer than a payload, damaged or missing without a fault that says where', async () => {
    const long = join(folder, 'long.jsonl')
    writeFileSync(long, `{}\n${'x'.repeat(PAYLOAD_BYTES_MAX + 1)}\n`)
    const lengths = collected(long).then((found) => found.map((text) => text.length))
    await expect(lengths).rejects.toMatchObject({ code: 'file-invalid', place: { line: 2 } })
    const whole = fileOf(lines.join('\n'))
    const cut = join(folder, 'cut.jsonl.zst')
    writeFileSync(cut, readFileSync(whole).subarray(0, 200))
    await expect(collected(cut)).rejects.toMatchObject({ code: 'file-invalid' })
    await expect(collected(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'file-unreadable' })
    await expect(collected(join(folder, 'none.zst'))).rejects.toMatchObject({ code: 'file-unreadable' })
  })
})
