import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Sample } from '#contract/messages.ts'
import { quantities } from '#contract/quantities.ts'
import { badCause, usableQuality } from '#contract/reading.ts'
import { addBlockLines } from './block-lines.ts'
import { blockOf, isPlainNumber } from './conformance/sample-blocks.ts'
import { LineBuffer } from './line-buffer.ts'
import { encodeLine } from './line-protocol.ts'
import { Moments } from './moments.ts'
import { pointsOf } from './points.ts'
import { LAST_STORABLE_MS } from './storable.ts'

/** Of some carriers, a few quantities each. */
const some = quantities.filter(({ name }) => /^(activeE|activeP|voltage|heat|gas)/.test(name)).slice(0, 30)

const decimal = fc
  .oneof(fc.integer(), fc.double({ min: -1e6, max: 1e6, noNaN: true }))
  .filter((value) => isPlainNumber(value))
const resolution = fc.constantFrom('0.01', '1', '0.1', '0.001', '0.000001', '1000', '0.000000001', '7')
/** Short ones, and such that end with zeros, are written otherwise than long ones. */
const count = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(999_999_999),
  fc.nat(9_999).map((thousands) => 1_000 * thousands),
)
const entry = fc
  .record({ quantity: fc.constantFrom(...some), number: decimal, count, resolution })
  .map(({ quantity: { name, kind }, number, count, resolution: unit }) =>
    kind === 'cumulative' ? ([name, [count, unit]] as const) : ([name, number] as const),
  )
const cause = fc.tuple(fc.constantFrom(...some.map(({ name }) => name)), fc.constantFrom(...badCause.options))
const sample: fc.Arbitrary<Sample> = fc
  .record({
    meter: fc.constantFrom('m-1', 'm-2', 'a-meter-with-a-longer-name'),
    atMs: fc.constantFrom(0, 1, 1_790_000_100_000, LAST_STORABLE_MS),
    quality: fc.constantFrom(...usableQuality.options),
    values: fc.array(entry, { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
    bad: fc.array(cause, { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  })
  .filter(({ values, bad }) => Object.keys({ ...values, ...bad }).length > 0)

/** Lines without regard to their order, and to that of the fields of a line: neither says anything to a server. */
const inOrder = (lines: readonly string[]): string[] =>
  lines
    .map((line) => {
      const [head = '', ...rest] = line.split(' ')
      const fields = rest.slice(0, -1).join(' ').split(',').toSorted().join(',')
      return `${head} ${fields} ${rest.at(-1) ?? ''}`
    })
    .toSorted()

const momentOf = ({ meter, atMs }: Sample): string => `${meter} ${atMs}`

describe('The lines of a block', () => {
  it('are those of the points of its readings', () => {
    fc.assert(
      fc.property(fc.uniqueArray(sample, { minLength: 1, maxLength: 12, selector: momentOf }), (samples) => {
        const block = blockOf(samples)
        const buffer = new LineBuffer()
        const lines = addBlockLines([block], buffer, new Moments())
        const written = buffer.body().toString().split('\n')
        expect(inOrder(written)).toEqual(inOrder(pointsOf(block.readings()).map(encodeLine)))
        expect(lines).toBe(written.length)
      }),
      { numRuns: 500 },
    )
  })

  it('follow those that are there, however long they become', () => {
    const many = Array.from({ length: 9_000 }, (_, atMs): Sample => ({
      meter: 'm-1',
      atMs,
      quality: 'good',
      values: { 'activeEnergyImport.total': [atMs, '0.01'], 'activePower.total': atMs / 8 },
    }))
    const [buffer, moments] = [new LineBuffer(), new Moments()]
    const halves = [many.slice(0, 4_000), many.slice(4_000)].map(blockOf)
    for (const half of halves) addBlockLines([half], buffer, moments)
    const expected = halves.flatMap((half) => pointsOf(half.readings()).map(encodeLine))
    expect(buffer.body().toString().split('\n')).toEqual(expected)
  })

  it('are none where a moment of a meter comes twice, in one block or two, or cannot be stored', () => {
    const one = (atMs: number): Sample => ({
      meter: 'm-1',
      atMs,
      quality: 'good',
      values: {},
      bad: { frequency: 'timeout' },
    })
    const [buffer, moments] = [new LineBuffer(), new Moments()]
    expect(addBlockLines([blockOf([one(5), one(3)])], buffer, moments)).toBe(2)
    const before = buffer.body().toString()
    expect(addBlockLines([blockOf([one(4), one(3)])], buffer, moments)).toBeUndefined()
    expect(addBlockLines([blockOf([one(6), one(5)])], buffer, moments)).toBeUndefined()
    expect(addBlockLines([blockOf([one(9), one(9)])], buffer, moments)).toBeUndefined()
    expect(addBlockLines([blockOf([one(LAST_STORABLE_MS + 1)])], buffer, moments)).toBeUndefined()
    expect(addBlockLines([blockOf([one(7)]), blockOf([one(7)])], buffer, moments)).toBeUndefined()
    expect(buffer.body().toString()).toBe(before)
  })

  it('of several batches of a gateway stand meter by meter', () => {
    const meters = ['m-1', 'm-2', 'm-3']
    const blocks = [1, 2, 3].map((atMs) =>
      blockOf(
        meters.map((meter) => ({ meter, atMs, quality: 'good', values: { 'activePower.total': atMs } })),
      ),
    )
    const buffer = new LineBuffer()
    expect(addBlockLines(blocks, buffer, new Moments())).toBe(9)
    const of = buffer
      .body()
      .toString()
      .split('\n')
      .map((line) => /meter=(m-\d)/.exec(line)?.[1])
    expect(of).toEqual(meters.flatMap((meter) => [meter, meter, meter]))
  })

  it('of several blocks are those of the points of all their readings', () => {
    const samples = fc.uniqueArray(sample, { minLength: 1, maxLength: 12, selector: momentOf })
    fc.assert(
      fc.property(samples, fc.nat(12), (all, at) => {
        const blocks = [all.slice(0, at), all.slice(at)].filter((each) => each.length > 0).map(blockOf)
        const buffer = new LineBuffer()
        const lines = addBlockLines(blocks, buffer, new Moments())
        const written = buffer.body().toString().split('\n')
        const points = pointsOf(blocks.flatMap((block) => block.readings()))
        expect(inOrder(written)).toEqual(inOrder(points.map(encodeLine)))
        expect(lines).toBe(written.length)
      }),
    )
  })
})
