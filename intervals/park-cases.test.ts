import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { amount, fromDecimal, toDecimal, toNumber } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { intervalBases, intervalMethods, type RecordedInterval } from '#contract/interval.ts'
import { meterEntry } from '#contract/meter-entry.ts'
import { estimation, meterEvent, type Meter } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import { usableQuality, type Reading } from '#contract/reading.ts'
import { memoryMeter } from './in-memory.test-support.ts'
import { MemoryPark } from './memory-park.test-support.ts'

const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Temporal.Instant.from(text).epochMilliseconds)

/** A register as a decimal text ('123.45'), or a power as a number. */
const value = z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/)])

const reading = z.strictObject({
  at: instant,
  value,
  quality: usableQuality.default('good'),
  quantity: quantityName.optional(),
})

/** Readings at even distances: `from`, and one every so many minutes. */
const regular = z.strictObject({ from: instant, everyMinutes: z.number().positive(), values: z.array(value) })

const expected = z.strictObject({
  slot: instant,
  energy: z.string().optional(),
  about: z.number().optional(),
  method: z.enum(intervalMethods).optional(),
  basis: z.enum(intervalBases).optional(),
  coveredSeconds: z.number().optional(),
  missing: z.enum(['no-readings', 'undecided', 'input-missing']).optional(),
  undecided: z.int().optional(),
  revision: z.int().optional(),
})

const step = z.strictObject({
  what: z.string(),
  readings: z.record(z.string(), z.union([z.array(reading), regular])).default({}),
  entries: z.array(z.strictObject({ touches: z.tuple([instant, instant]), entry: meterEntry })).default([]),
  expect: z.record(z.string(), z.array(expected)),
})

/** A case of a whole park: its meters, and step by step what becomes known and what their slots then say. */
const caseFile = z.strictObject({
  title: z.string(),
  why: z.string(),
  timeZone: z.string().default('Asia/Shanghai'),
  meters: z.record(
    z.string(),
    z.strictObject({
      ratingPerHour: z.number().positive().default(1_000),
      gapSeconds: z.number().positive().default(900),
      energyFrom: z.enum(['register', 'power', 'advances', 'manual']).default('register'),
      power: quantityName.optional(),
      formula: z.string().optional(),
      estimate: estimation.optional(),
      wrapsAt: amount.optional(),
      events: z.array(meterEvent).default([]),
    }),
  ),
  steps: z.array(step).min(1),
})

function readingsOf(meter: Meter, given: z.infer<typeof reading>[] | z.infer<typeof regular>): Reading[] {
  const lines = Array.isArray(given)
    ? given
    : given.values.map((each, index) => ({
        at: given.from + index * given.everyMinutes * 60_000,
        value: each,
        quality: 'good' as const,
        quantity: undefined,
      }))
  return lines.map((line) => ({
    meter: meter.id,
    quantity:
      line.quantity ?? (typeof line.value === 'number' ? (meter.power ?? meter.register) : meter.register),
    atMs: line.at,
    quality: line.quality,
    value: typeof line.value === 'number' ? line.value : fromDecimal(line.value),
  }))
}

/** What a case says of a slot, out of the interval. */
function wordsOf(line: z.infer<typeof expected>, interval: RecordedInterval | undefined): object {
  const words: Record<string, unknown> = { slot: line.slot }
  if (interval === undefined) return { ...words, missing: 'not-computed' }
  if (line.revision !== undefined) words['revision'] = interval.revision
  if (line.undecided !== undefined) words['undecided'] = interval.undecided.length
  if (interval.state === 'missing') return { ...words, missing: interval.cause }
  if (line.about === undefined) words['energy'] = toDecimal(interval.energy)
  else
    words['about'] =
      Math.abs(toNumber(interval.energy) - line.about) < 0.000_01 ? line.about : toDecimal(interval.energy)
  if (line.method !== undefined) words['method'] = interval.method
  if (line.basis !== undefined) words['basis'] = interval.basis
  if (line.coveredSeconds !== undefined) words['coveredSeconds'] = (interval.coverage * SLOT_MS) / 1_000
  return words
}

const folder = new URL('cases/parks/', import.meta.url)
const names = readdirSync(folder).toSorted()

describe('cases of whole parks', () => {
  test.each(names)('%s', async (name) => {
    const file = caseFile.parse(parse(readFileSync(new URL(name, folder), 'utf8')))
    const meters = Object.entries(file.meters).map(([id, facts]) =>
      memoryMeter({ id, ...facts, gateway: facts.formula === undefined ? 'g1' : undefined }),
    )
    const park = new MemoryPark(meters, file.timeZone)
    for (const [index, { what, readings, entries, expect: lines }] of file.steps.entries()) {
      for (const meter of meters) {
        const given = readings[meter.id]
        if (given !== undefined) park.read(readingsOf(meter, given))
      }
      for (const [number, { entry, touches }] of entries.entries())
        park.enter(`${index + 1}-${number + 1}`, entry, { fromMs: touches[0], toMs: touches[1] })
      await park.settle()
      for (const [id, slots] of Object.entries(lines)) {
        const found = slots.map((line) => {
          const [interval] = park.intervals(id, 'activeEnergyImport.total', {
            fromMs: line.slot,
            toMs: line.slot + 1,
          })
          return wordsOf(line, interval)
        })
        expect(found, `${what}: ${id}`).toEqual(slots)
      }
    }
  })
})
