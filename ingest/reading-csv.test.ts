import { describe, expect, it } from 'vitest'
import type { Reading, UsableReading } from '#contract/reading.ts'
import { T0, testPark } from './ingest.test-support.ts'
import { csvHead, csvHeadLine, csvLine, csvSample } from './reading-csv.ts'

const park = testPark()
const head = csvHead(csvHeadLine)
const read = (line: string, columns = csvHeadLine) => csvSample(line, csvHead(columns), park).sample

describe('a reading as a line of CSV', () => {
  const of = (over: Partial<UsableReading>): Reading => ({
    meter: 'meter-a',
    quantity: 'activePower.total',
    atMs: T0,
    quality: 'good',
    value: 812.5,
    ...over,
  })

  it('is exact, with its time in UTC', () => {
    const time = Temporal.Instant.fromEpochMilliseconds(T0).toString()
    expect(csvLine(of({}))).toBe(`meter-a,activePower.total,${time},good,812.5,,`)
    const register = of({
      quantity: 'activeEnergyImport.total',
      quality: 'manual',
      value: { count: 1_234_500, resolution: '0.01' },
    })
    expect(csvLine(register)).toBe(`meter-a,activeEnergyImport.total,${time},manual,12345.00,0.01,`)
    expect(csvSample(csvLine(register), head, park).sample.values).toEqual({
      'activeEnergyImport.total': [1_234_500, '0.01'],
    })
    const bad: Reading = {
      meter: 'meter-a',
      quantity: 'voltage.l1',
      atMs: T0,
      quality: 'bad',
      cause: 'timeout',
    }
    expect(csvLine(bad)).toBe(`meter-a,voltage.l1,${time},bad,,,timeout`)
    expect(csvSample(csvLine(bad), head, park).sample).toEqual({
      meter: 'meter-a',
      atMs: T0,
      quality: 'good',
      values: {},
      bad: { 'voltage.l1': 'timeout' },
    })
  })

  it('written by a person needs a meter, a time in the park’s zone and what the register shows', () => {
    const columns = 'meter,time,value'
    for (const time of [
      '2026-03-01T08:00:00+08:00',
      '2026-03-01 08:00',
      '2026/3/1 08:00',
      '2026-03-01T00:00:00Z',
    ])
      expect(read(`meter-a,${time},1234.5`, columns)).toEqual({
        meter: 'meter-a',
        atMs: Date.UTC(2026, 2, 1),
        quality: 'manual',
        values: { 'activeEnergyImport.total': [12_345, '0.1'] },
      })
    expect(read('"meter-a", "2026-03-01T08:00+08:00" ,"7"', columns).values).toEqual({
      'activeEnergyImport.total': [7, '1'],
    })
  })

  it.each([
    ['meter-a,voltage.l1,2026-03-01,good,,,', 'no number'],
    ['meter-a,voltage.l1,2026-03-01,good,0x10,,', 'no number'],
    ['meter-a,voltage.l1,2026-03-01,good,NaN,,', 'no number'],
    ['meter-a,voltage.l1,2026-03-01,good,230,0.1,', 'only a register'],
    ['meter-a,voltage.l1,yesterday,good,230,,', 'no time'],
    ['meter-a,voltage.l1,2026-03-01 00:00:00+00,good,230,,', 'no time'],
    ['meter-a,voltage.l1,2026-03-01T00:00:00-05,good,230,,', 'no time'],
    ['meter-a,voltage.l1,2026-03-01T00:00:00+00:00[UTC],good,230,,', 'no time'],
    ['meter-a,voltage.l1,2026-03-01T00:00:00[Asia/Shanghai],good,230,,', 'no time'],
    ['meter-a,voltage.l1,2026-03-01T00:00:00+00:00:00,good,230,,', 'no time'],
    ['meter-a,voltage.l1,2026-03-01,good,230,,timeout', 'only a bad reading'],
    ['meter-a,activeEnergyImport.total,2026-03-01,good,1.25,0.1,', 'no whole number of steps'],
    ['meter-a,activeEnergyImport.total,2026-03-01,good,1e3,0.1,', 'no decimal'],
    ['meter-a,activeEnergyImport.total,2026-03-01,good,1,0,', 'steps of 0'],
    ['meter-a,voltage.l1,2026-03-01,good,230,,,,', 'has 9 fields'],
    ['"meter-a,voltage.l1,2026-03-01,good,230,,', 'quotes'],
  ])('%s says nothing: %s', (line, why) => {
    expect(() => read(line)).toThrow(why)
  })

  it.each([
    ['meter,time', 'value is missing'],
    ['meter,time,value,colour', '"colour"'],
    ['meter,time,value,meter', 'twice'],
  ])('is not read under the head %s: %s', (columns, why) => {
    expect(() => csvHead(columns)).toThrow(why)
  })
})

it('a first line that is another file’s is told of in characters that a terminal bears, with what may be the cause', () => {
  expect(() => csvHead('meter;time;value')).toThrow('a comma stands between two columns')
  expect(() => csvHead(`a\u001b[2J${'x'.repeat(500)}`)).toThrow(/^"a\uFFFD\[2Jx{50,60}…" is not one/)
})
