import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { SampleBlocks } from '#contract/sample-block.ts'
import { blockOfReadings } from './conformance/sample-blocks.ts'
import { appendThrough, bodyOf, refusedAnswer, serverWords, textOf } from './partial-write.ts'
import { READINGS_PER_REQUEST, RequestLength } from './request-length.ts'
import { encodeLine } from './line-protocol.ts'
import { pointsOf } from './points.ts'

const quantities = ['activePower.total', 'voltage.l1', 'steamFlow'] as const

/** Readings with a serial number as their value, so that a line tells which they are. */
const readingsArbitrary = fc
  .array(
    fc.record({
      quantity: fc.constantFrom(...quantities),
      atMs: fc.integer({ min: 1, max: 30 }),
      bad: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((all) =>
    all.map(({ quantity, atMs, bad }): Reading =>
      bad
        ? { meter: 'm-1', quantity, atMs, quality: 'bad', cause: 'timeout' }
        : { meter: 'm-1', quantity, atMs, quality: 'good', value: 1 },
    ),
  )

const lineOf = (reading: Reading): string => pointsOf([reading]).map(encodeLine).join('\n')

describe('finding what a server refused', () => {
  test('exactly the refused readings are returned, and every other one was in a request taken in full', async () => {
    await fc.assert(
      fc.asyncProperty(
        readingsArbitrary,
        fc.func(fc.boolean()),
        fc.constantFrom('counted', 'zero', 'silent', 'first shard only'),
        async (readings, refuses, honesty) => {
          const isRefused = (line: string): boolean => refuses(line)
          const taken = new Set<string>()
          const { stored, refused } = await appendThrough(readings, new RequestLength(), async (lines) => {
            const all = textOf(lines).split('\n')
            const fields = all.flatMap((line) => {
              const [head = '', values = '', time = ''] = line.split(' ')
              return values.split(',').map((field) => `${head} ${field} ${time}`)
            })
            // As InfluxDB does: one field that it refuses drops its whole line.
            const dropped = all.filter((line) => {
              const [head = '', values = '', time = ''] = line.split(' ')
              return values.split(',').some((field) => isRefused(`${head} ${field} ${time}`))
            })
            if (dropped.length === 0) {
              for (const field of fields) taken.add(field)
              return { taken: true }
            }
            const said = { counted: dropped.length, zero: 0, 'first shard only': 1, silent: undefined }[
              honesty
            ]
            return { taken: false, reason: 'no', dropped: said }
          })
          const expected = readings.flatMap((reading, index) => (isRefused(lineOf(reading)) ? [index] : []))
          expect(refused.map(({ index }) => index)).toEqual(expected)
          expect(stored).toBe(readings.length - expected.length)
          const lost = readings.filter(
            (reading, index) => !expected.includes(index) && !taken.has(lineOf(reading)),
          )
          expect(lost).toEqual([])
        },
      ),
    )
  })

  test('a batch that is refused as a whole costs a request a field, not one a reading', async () => {
    let requests = 0
    const readings = Array.from({ length: 3_000 }, (_, index): Reading => ({
      meter: 'm-1',
      quantity: quantities[index % 3] ?? 'steamFlow',
      atMs: index,
      quality: 'good',
      value: 1,
    }))
    const { refused } = await appendThrough(readings, new RequestLength(), async (lines) => {
      requests += 1
      return refusedAnswer(`partial write: points beyond retention policy dropped=${lines.length}`)
    })
    expect(refused).toHaveLength(3_000)
    expect(requests).toBe(4)
  })

  test('a long batch goes in several requests', async () => {
    const lengths: number[] = []
    const readings = Array.from({ length: READINGS_PER_REQUEST + 1 }, (_, index): Reading => ({
      meter: 'm-1',
      quantity: 'steamFlow',
      atMs: index,
      quality: 'good',
      value: 1,
    }))
    await appendThrough(readings, new RequestLength(), async (lines) => {
      lengths.push(lines.length)
      return { taken: true }
    })
    expect(lengths).toEqual([READINGS_PER_REQUEST, 1])
  })

  test('blocks that are too long for what stands before the server go in shorter requests, from then on at once', async () => {
    const readingsPerBlock = 2_000
    const blocks = Array.from({ length: 30 }, (_, block) =>
      blockOfReadings(
        Array.from({ length: readingsPerBlock }, (_value, index): Reading => ({
          meter: 'm-1',
          quantity: 'steamFlow',
          atMs: block * readingsPerBlock + index,
          quality: 'good',
          value: index,
        })),
      ),
    )
    const bytesMax = 1024 * 1024
    const lengths: number[] = []
    const taken: string[] = []
    const send = async (lines: Parameters<typeof bodyOf>[0]) => {
      const body = bodyOf(lines)
      lengths.push(body.length)
      if (body.length > bytesMax) return refusedAnswer('Request Entity Too Large', true)
      taken.push(...body.toString().split('\n'))
      return { taken: true } as const
    }
    const length = new RequestLength()
    const readings = blocks.length * readingsPerBlock
    const first = await appendThrough(new SampleBlocks(blocks), length, send)
    expect(first).toEqual({ stored: readings, refused: [] })
    expect(new Set(taken).size).toBe(readings)
    // All of them, and each half: the second one was made before the first was answered.
    expect(lengths.filter((bytes) => bytes > bytesMax)).toHaveLength(3)
    lengths.length = 0
    expect(await appendThrough(new SampleBlocks(blocks), length, send)).toEqual(first)
    expect(lengths.every((bytes) => bytes <= bytesMax)).toBe(true)
  })

  test('blocks that fail are tried again as shorter requests, which grow again with what is taken', async () => {
    const blocks = Array.from({ length: 40 }, (_, block) =>
      blockOfReadings(
        Array.from({ length: 1_000 }, (_value, index): Reading => ({
          meter: 'm-1',
          quantity: 'steamFlow',
          atMs: block * 1_000 + index,
          quality: 'good',
          value: 1,
        })),
      ),
    )
    const length = new RequestLength()
    const lines: number[] = []
    const append = (linesMax: number) =>
      appendThrough(new SampleBlocks(blocks), length, async (given) => {
        lines.push(textOf(given).split('\n').length)
        if ((lines.at(-1) ?? 0) > linesMax) throw new Error('no answer in time')
        return { taken: true }
      })
    await expect(append(12_000)).rejects.toThrow('no answer')
    await expect(append(12_000)).rejects.toThrow('no answer')
    expect(await append(12_000)).toEqual({ stored: 40_000, refused: [] })
    expect(lines).toEqual([40_000, 25_000, 12_000, 12_000, 12_000, 4_000])
    lines.length = 0
    expect(await append(Infinity)).toEqual({ stored: 40_000, refused: [] })
    expect(lines).toEqual([40_000])
  })

  test('a request that fails as a whole is thrown on, and nothing is claimed', async () => {
    const failing = appendThrough(
      [{ meter: 'm-1', quantity: 'steamFlow', atMs: 1, quality: 'good', value: 1 }],
      new RequestLength(),
      () => Promise.reject(new Error('away')),
    )
    await expect(failing).rejects.toThrow('away')
  })
})

test.each([
  ['{"error":"partial write: x dropped=1"}\n', 'partial write: x dropped=1'],
  ['{"code":"unprocessable entity","message":"failure"}', 'failure'],
  ['{"other":1}', '{"other":1}'],
  ['<html>bad gateway</html>', '<html>bad gateway</html>'],
  ['', ''],
])('the words of %j', (body, words) => {
  expect(serverWords(body)).toBe(words)
})
