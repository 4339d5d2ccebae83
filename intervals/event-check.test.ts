import { describe, expect, test } from 'vitest'
import type { Amount } from '#contract/amount.ts'
import type { RegisterPoint } from '#contract/interval.ts'
import type { MeterEvent } from '#contract/park.ts'
import type { MeterFacts } from './advance.ts'
import { eventContradictions, type Around } from './event-check.ts'
import { memoryMeter } from './in-memory.test-support.ts'

const quantity = 'activeEnergyImport.total'
const START_MS = Temporal.Instant.from('2025-03-10T08:00:00Z').epochMilliseconds
const kwh = (count: number): Amount => ({ count, resolution: '1' })
const read = (minutes: number, count: number): RegisterPoint => ({
  atMs: START_MS + minutes * 60_000,
  register: kwh(count),
})
const when = (minutes: number): { at: string; quantity: typeof quantity } => ({
  at: Temporal.Instant.fromEpochMilliseconds(START_MS + minutes * 60_000).toString(),
  quantity,
})
const replaced = (minutes: number, final: number, initial: number): MeterEvent => ({
  kind: 'replacement',
  ...when(minutes),
  final: kwh(final),
  initial: kwh(initial),
})
const ratio = (minutes: number, before: string, after: string, register: number): MeterEvent => ({
  kind: 'ratio',
  ...when(minutes),
  before,
  after,
  final: kwh(register),
  initial: kwh(register),
})
const around = (before?: RegisterPoint, after?: RegisterPoint): Around => ({
  before,
  after,
  hasReadings: true,
})

/** The meter takes at most 60 kWh in an hour, half as much again for a while. */
const judge = (event: MeterEvent, of: Around, facts: Partial<MeterFacts> = {}): string[] =>
  eventContradictions(event, memoryMeter({ ratingPerHour: 60, ...facts }), of).map((each) =>
    each.kind === 'event' ? `${each.clash.kind} ${each.earlier.kind}–${each.later.kind}` : each.kind,
  )

describe('a replacement', () => {
  const between = around(read(0, 500), read(60, 3))

  test('that lies between what was read contradicts nothing, also where one side is not read yet', () => {
    expect(judge(replaced(30, 520, 0), between)).toEqual([])
    expect(judge(replaced(30, 520, 0), around(read(0, 500)))).toEqual([])
    expect(judge(replaced(30, 520, 0), around())).toEqual([])
    expect(judge(replaced(60, 520, 3), between)).toEqual([])
  })

  test('whose old register is below what was read before it, or its new one above what was read after it', () => {
    expect(judge(replaced(30, 499, 0), between)).toEqual(['before'])
    expect(judge(replaced(30, 520, 4), between)).toEqual(['after'])
    expect(judge(replaced(30, 0, 520), between)).toEqual(['before', 'after'])
    expect(judge(replaced(60, 520, 4), between)).toEqual(['after'])
  })

  test('of another date than the sheet says: the old meter was read for a day after it', () => {
    expect(judge(replaced(-1_440, 520, 0), around(read(-1_441, 500), read(-1_439, 501)))).toEqual(['stretch'])
  })

  test('that makes more energy than the rating allows, on one side or both together', () => {
    expect(judge(replaced(30, 580, 0), between)).toEqual([])
    expect(judge(replaced(30, 590, 0), between)).toEqual(['stretch'])
    expect(judge(replaced(30, 600, 0), around(read(0, 500)))).toEqual(['before'])
  })

  test('beside other events: at one moment, or with a register that falls between them', () => {
    const events = [replaced(10, 505, 0)]
    expect(judge(replaced(10, 505, 0), between, { events })).toEqual(['same-moment replacement–replacement'])
    expect(judge(replaced(20, 8, 0), between, { events })).toEqual([])
    const later = [replaced(40, 2, 0)]
    expect(judge(replaced(20, 510, 3), between, { events: later })).toEqual([
      'fell replacement–replacement',
      'after',
    ])
    expect(judge(replaced(20, 510, 3), around(read(0, 500)), { events: later, wrapsAt: kwh(1_000) })).toEqual(
      [],
    )
  })
})

test('a ratio whose factor is not the one that the event before it leaves, or the next one starts from', () => {
  const between = around(read(0, 500), read(60, 503))
  expect(judge(ratio(30, '1', '2', 501), between)).toEqual([])
  expect(judge(ratio(30, '1', '2', 501), between, { events: [ratio(10, '1', '3', 500)] })).toEqual([
    'ratio ratio–ratio',
  ])
  expect(judge(ratio(30, '1', '2', 501), between, { events: [ratio(50, '3', '4', 502)] })).toEqual([
    'ratio ratio–ratio',
  ])
})

test('a rollover where nothing fell would invent the whole range of the register', () => {
  const rollover: MeterEvent = { kind: 'rollover', ...when(30), wrapsAt: kwh(1_000) }
  expect(judge(rollover, around(read(0, 990), read(60, 5)))).toEqual([])
  expect(judge(rollover, around(read(0, 500), read(60, 503)))).toEqual(['explained'])
  expect(judge({ ...rollover, wrapsAt: kwh(400) }, around(read(0, 990), read(60, 5)))).toEqual([
    'unexplained',
  ])
})

test('what is confirmed must be beyond the rating, and what is ignored must be there', () => {
  const confirmed: MeterEvent = { kind: 'confirmed', ...when(30) }
  expect(judge(confirmed, around(read(0, 0), read(60, 500)))).toEqual([])
  expect(judge(confirmed, around(read(0, 0), read(60, 50)))).toEqual(['explained'])
  expect(judge(confirmed, around(read(0, 50), read(60, 0)))).toEqual(['unexplained'])
  const ignored: MeterEvent = { kind: 'ignored', ...when(30) }
  expect(judge(ignored, around())).toEqual([])
  expect(judge(ignored, { ...around(), hasReadings: false })).toEqual(['no-readings'])
})
