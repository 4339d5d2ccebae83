import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { amount, resolution, toDecimal } from '#contract/amount.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import { intervalMethods, type Boundary, type Interval } from '#contract/interval.ts'
import { meterEvent } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import { usableQuality, type RegisterReading } from '#contract/reading.ts'
import { dirtyPeriod } from './dirty.ts'
import { energyOf } from './energy.ts'
import { MemorySeries } from './in-memory.test-support.ts'

const localTime = z.iso.datetime({ offset: true }).transform((text) => ({
  text,
  ms: Temporal.Instant.from(text).epochMilliseconds,
}))

const period = z.strictObject({ from: localTime, to: localTime })

const reading = z.strictObject({
  at: localTime,
  count: z.int(),
  resolution: resolution.optional(),
  quality: usableQuality.default('good'),
})

const boundary = z.strictObject({
  at: localTime,
  register: z.string(),
  method: z.enum(['measured', 'interpolated', 'apportioned']),
})

const undecided = z.strictObject({
  from: localTime,
  to: localTime,
  reason: z.enum(['register-decreased', 'beyond-rating']),
})

const expected = z.union([
  z.strictObject({
    slot: localTime,
    energy: z.string(),
    method: z.enum(intervalMethods),
    coveredSeconds: z.int().min(0).max(900),
    opening: boundary.optional(),
    closing: boundary.optional(),
    simulated: z.boolean().default(false),
    uncertain: z.boolean().default(false),
    undecided: z.array(undecided).default([]),
  }),
  z.strictObject({
    slot: localTime,
    missing: z.enum(['no-readings', 'undecided']),
    undecided: z.array(undecided).default([]),
  }),
])

/** A case: what a meter was, what was read of it, and what each slot of the window must say. */
const caseFile = z.strictObject({
  title: z.string(),
  why: z.string(),
  meter: z.strictObject({
    ratingPerHour: z.number().positive(),
    gapSeconds: z.number().positive(),
    wrapsAt: amount.optional(),
    events: z.array(meterEvent).default([]),
  }),
  quantity: quantityName.default('activeEnergyImport.total'),
  resolution,
  readings: z.array(reading),
  window: period,
  expect: z.array(expected).min(1),
  late: z
    .strictObject({ readings: z.array(reading).min(1), recomputed: period, expect: z.array(expected).min(1) })
    .optional(),
})

type CaseFile = z.infer<typeof caseFile>
type Expected = z.infer<typeof expected>

const toPeriod = ({ from, to }: z.infer<typeof period>): Period => ({ fromMs: from.ms, toMs: to.ms })

function readingsOf(file: CaseFile, lines: readonly z.infer<typeof reading>[]): RegisterReading[] {
  return lines.map((line) => ({
    meter: 'case',
    quantity: file.quantity,
    atMs: line.at.ms,
    quality: line.quality,
    value: { count: line.count, resolution: line.resolution ?? file.resolution },
  }))
}

/** An interval in the words of a case file; boundaries only where the case speaks of them. */
function inWordsOf(line: Expected, interval: Interval): object {
  const undecidedWords = interval.undecided.map(({ from, to, reason }) => ({
    fromMs: from.atMs,
    toMs: to.atMs,
    reason,
  }))
  if (interval.state === 'missing') return { missing: interval.cause, undecided: undecidedWords }
  if (interval.basis !== 'register') return { basis: interval.basis }
  const { energy, method, coverage, simulated, uncertain } = interval
  const boundaryWords = ({ atMs, register, method }: Boundary) => ({
    atMs,
    register: toDecimal(register),
    method,
  })
  return {
    energy: toDecimal(energy),
    method,
    coveredSeconds: coverage * (SLOT_MS / 1_000),
    simulated,
    uncertain,
    undecided: undecidedWords,
    ...('opening' in line ? { opening: boundaryWords(interval.opening) } : {}),
    ...('closing' in line ? { closing: boundaryWords(interval.closing) } : {}),
  }
}

function wordsOf(line: Expected): object {
  const undecidedWords = line.undecided.map(({ from, to, reason }) => ({
    fromMs: from.ms,
    toMs: to.ms,
    reason,
  }))
  if ('missing' in line) return { missing: line.missing, undecided: undecidedWords }
  const { energy, method, coveredSeconds, simulated, uncertain, opening, closing } = line
  return {
    energy,
    method,
    coveredSeconds,
    simulated,
    uncertain,
    undecided: undecidedWords,
    ...(opening && { opening: { ...opening, at: undefined, atMs: opening.at.ms } }),
    ...(closing && { closing: { ...closing, at: undefined, atMs: closing.at.ms } }),
  }
}

function check(file: CaseFile, source: MemorySeries, window: Period, lines: readonly Expected[]): void {
  const facts = { id: 'case', ...file.meter }
  const intervals = energyOf(facts, file.quantity, source.series(window), window)
  expect(intervals.map(({ slotMs }) => slotMs)).toEqual(lines.map(({ slot }) => slot.ms))
  const got = lines.map((line, index) => {
    const interval = intervals[index]
    return { slot: line.slot.text, ...(interval === undefined ? {} : inWordsOf(line, interval)) }
  })
  expect(got).toEqual(lines.map((line) => ({ slot: line.slot.text, ...wordsOf(line) })))
}

const folder = new URL('cases/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .toSorted()

describe('cases', () => {
  test.each(names)('%s', (name) => {
    const file = caseFile.parse(parse(readFileSync(new URL(name, folder), 'utf8')))
    const source = new MemorySeries(readingsOf(file, file.readings))
    check(file, source, toPeriod(file.window), file.expect)
    if (file.late === undefined) return
    const late = readingsOf(file, file.late.readings)
    source.add(late)
    const times = late.map(({ atMs }) => atMs)
    const touched = { fromMs: Math.min(...times), toMs: Math.max(...times) }
    const dirty = dirtyPeriod(touched, source.series({ ...touched, toMs: touched.toMs + 1 }))
    expect(dirty).toEqual(toPeriod(file.late.recomputed))
    check(file, source, toPeriod(file.window), file.late.expect)
  })
})
