import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { decimal, presented, quotient, textOf } from './decimal.ts'
import {
  electricityTonnes,
  fuelCombustionTonnes,
  heatTonnes,
  hotWaterHeatGj,
  steamHeatGj,
} from './emissions.ts'
import { factorContradictions } from './factor-check.ts'
import { factorLibrary } from './factor-library.ts'
import {
  electricityFile,
  fuelFile,
  heatFile,
  isDoubtful,
  processFile,
  standardCoalFile,
  type FactorFiles,
} from './factor.ts'
import { standardCoalTonnes } from './standard-coal.ts'

const read = (name: string): unknown =>
  parse(readFileSync(new URL(`factors/${name}.yaml`, import.meta.url), 'utf8'))

const files: FactorFiles = {
  standardCoal: standardCoalFile.parse(read('standard-coal')),
  fuels: fuelFile.parse(read('fuel-defaults')),
  electricity: electricityFile.parse(read('electricity')),
  heat: heatFile.parse(read('heat')),
  process: processFile.parse(read('process')),
}
const library = factorLibrary(files)

describe('The factor files', () => {
  test('contradict neither themselves nor one another', () => {
    expect(factorContradictions(files)).toEqual([])
  })

  test('a repeated code, an unknown set and a superseded row that is not there are found', () => {
    const [row] = files.fuels.rows
    const [coal] = files.standardCoal.rows
    const wrong: FactorFiles = {
      ...files,
      fuels: { ...files.fuels, rows: row === undefined ? [] : [row, { ...row, set: 'S9' }] },
      standardCoal: {
        ...files.standardCoal,
        rows: coal === undefined ? [] : [{ ...coal, supersedes: 'no/such' }],
      },
    }
    expect(factorContradictions(wrong).map(({ message }) => message)).toEqual([
      `code ${row?.code} stands twice`,
      'set S9 is not described',
      'there is no row no/such',
    ])
  })

  test('gaps and overlaps of validity, and chains that lead nowhere, are found', () => {
    const [heat] = files.heat.rows
    if (heat === undefined) throw new Error('there is a row of heat')
    const rows = [
      { ...heat, code: 'a/1', valid: { to: '2025-01-01' } },
      { ...heat, code: 'a/2', valid: { from: '2025-02-01', to: '2026-01-01' } },
      { ...heat, code: 'a/3', valid: { from: '2025-12-01' } },
      { ...heat, code: 'a/4', subject: 'steam', supersedes: 'a/3' },
      { ...heat, code: 'b/1', subject: 'other', supersedes: 'b/2' },
      { ...heat, code: 'b/2', subject: 'other', supersedes: 'b/1' },
    ]
    const found = factorContradictions({ ...files, heat: { rows } })
    expect(found.map(({ path, message }) => [path[1], message])).toEqual([
      [3, 'a/3 is a value of another thing (heat)'],
      [4, 'b/1 supersedes itself over b/2'],
      [5, 'b/2 supersedes itself over b/1'],
      [1, 'no row of heat holds from 2025-01-01 to 2025-02-01'],
    ])
  })

  test('a factor of postings changes on the first of a month, and a process row can be succeeded by another', () => {
    const [heat] = files.heat.rows
    const [row, ...rest] = files.process.rows
    if (heat === undefined || row === undefined) throw new Error('there are rows')
    const middle = [
      { ...heat, valid: { to: '2026-03-16' } },
      { ...heat, code: 'heat/next', valid: { from: '2026-03-16' } },
    ]
    const found = factorContradictions({ ...files, heat: { rows: middle } })
    expect(found.map(({ message }) => message)).toEqual([
      '2026-03-16 is no first of a month',
      '2026-03-16 is no first of a month',
    ])
    const next = { ...row, code: `${row.code}/2026`, value: '0.44', supersedes: row.code }
    const rows = [
      { ...row, valid: { to: '2026-07-01' } },
      { ...next, valid: { from: '2026-07-01' } },
      ...rest,
    ]
    const both = { ...files, process: { rows } }
    expect(factorContradictions(both)).toEqual([])
    const library = factorLibrary(both)
    // A source goes on naming the row that its plan was made with.
    expect([
      library.process(row.code, '2026-06-01')?.code,
      library.process(row.code, '2026-07-01')?.code,
    ]).toEqual([row.code, next.code])
  })

  test('a corrected row takes the place of the one that it supersedes, over any number of steps', () => {
    const [heat] = files.heat.rows
    if (heat === undefined) throw new Error('there is a row of heat')
    const rows = ['0.11', '0.12', '0.13'].map((value, index) => ({
      ...heat,
      code: `heat/${index}`,
      value,
      ...(index === 0 ? {} : { supersedes: `heat/${index - 1}` }),
    }))
    const corrected = factorLibrary({ ...files, heat: { rows } })
    expect(corrected.heat('heat', '2026-01-01').code).toBe('heat/2')
  })

  test('an edition keeps the rows of an older one, unverified, but not those that it changed', () => {
    const of = (subject: string, basis: 'calorific' | 'equal' = 'calorific') =>
      library.standardCoal({ subject, basis, edition: 'gb2589-2020', day: '2026-03-01' })
    expect(of('diesel')).toMatchObject({
      code: 'gb2589-2008/diesel/calorific',
      value: '1.4571',
      confidence: 'unverified',
      inheritedFrom: 'gb2589-2008',
    })
    expect(of('freshWater', 'equal')).toMatchObject({ value: '0.2571', edition: 'gb2589-2020' })
    for (const gone of ['naturalGas.oilField', 'steam.lowPressure'])
      expect(() => of(gone)).toThrow('There is no factor')
    expect(() => of('oxygen', 'equal')).toThrow('There is no factor')
  })

  // tCO2 per unit, to the digits printed beside the three sets.
  test.each([
    ['S1', 'anthracite', '2.3228'],
    ['S1', 'diesel', '3.1451'],
    ['S1', 'naturalGas', '21.6219'],
    ['S1', 'blastFurnaceGas', '9.6865'],
    ['S2', 'diesel', '3.0959'],
    ['S2', 'lng', '3.1829'],
    ['S2', 'naturalGas', '21.6502'],
    ['S3', 'rawCoal', '1.9003'],
    ['S3', 'coke', '2.8604'],
  ])('%s %s emits %s tCO2 per unit', (set, fuel, expected) => {
    const { ncv, carbon, oxidation } = library.fuel(set, fuel)
    const properties = { ncv: decimal(ncv), carbon: decimal(carbon), oxidation: decimal(oxidation ?? '0') }
    expect(presented(fuelCombustionTonnes(decimal('1'), properties), 4)).toBe(expected)
  })
})

describe('Which factor is taken', () => {
  const tianjin = { region: 'tianjin', series: 'average' } as const

  test('that of the year, where it is published', () => {
    expect(library.electricity({ ...tianjin, year: 2022 })).toMatchObject({
      factor: { value: '0.7041' },
      rule: 'of-the-period',
    })
  })

  test('otherwise the newest before it, and it says so', () => {
    expect(library.electricity({ ...tianjin, year: 2026 })).toMatchObject({
      factor: { year: 2022 },
      rule: 'latest-published',
    })
  })

  test('or that of a chosen vintage', () => {
    expect(library.electricity({ ...tianjin, year: 2026, vintage: 2021 })).toMatchObject({
      factor: { value: '0.7355' },
      rule: 'vintage',
    })
    expect(() => library.electricity({ ...tianjin, year: 2026, vintage: 2023 })).toThrow('There is no factor')
  })

  test('never one of another series, and never one of later years', () => {
    expect(() => library.electricity({ region: 'tianjin', series: 'footprint', year: 2023 })).toThrow(
      expect.objectContaining({ code: 'factor-missing' }),
    )
    expect(() => library.electricity({ ...tianjin, year: 2019 })).toThrow('There is no factor')
  })

  test('equal and calorific value are asked for by name', () => {
    const air = { subject: 'compressedAir', edition: 'gb2589-2008', day: '2026-03-01' } as const
    expect(library.standardCoal({ ...air, basis: 'equal' }).value).toBe('0.04')
    expect(() => library.standardCoal({ ...air, basis: 'calorific' })).toThrow('There is no factor')
  })

  test('an edition holds from its first day on', () => {
    const water = { subject: 'freshWater', basis: 'equal' } as const
    expect(library.standardCoal({ ...water, edition: 'gb2589-2008', day: '2021-03-31' }).value).toBe('0.0857')
    expect(() => library.standardCoal({ ...water, edition: 'gb2589-2008', day: '2021-04-01' })).toThrow(
      'There is no factor',
    )
    expect(() => library.standardCoal({ ...water, edition: 'gb2589-2020', day: '2021-03-31' })).toThrow(
      'There is no factor',
    )
    expect(isDoubtful(library.standardCoal({ ...water, edition: 'gb2589-2020', day: '2021-04-01' }))).toBe(
      true,
    )
  })

  test('oxidation of solid fuels of S2 is that of the equipment', () => {
    expect(library.fuel('S2', 'anthracite').oxidation).toBeUndefined()
    expect(library.oxidation('S2', 'industrial-boiler').value).toBe('0.85')
    expect(library.heat('heat', '2026-01-01').value).toBe('0.11')
  })
})

describe('Activity times factor', () => {
  test('electricity: 1.229 tce per 10⁴ kWh calorific; exported electricity is deducted', () => {
    const factor = library.standardCoal({
      subject: 'electricity',
      basis: 'calorific',
      edition: 'gb2589-2008',
      day: '2026-01-01',
    })
    expect(textOf(standardCoalTonnes(decimal('10000'), 'kWh', factor))).toBe('1.229')
    expect(() => standardCoalTonnes(decimal('1'), 'm³', factor)).toThrow(
      expect.objectContaining({ code: 'unit-mismatch' }),
    )
    expect(textOf(electricityTonnes(decimal('1000'), decimal('1500'), decimal('0.7041')))).toBe('-0.35205')
  })

  test('heat: 0.03412 tce and 0.11 tCO2 a gigajoule', () => {
    const factor = library.standardCoal({
      subject: 'heat',
      basis: 'calorific',
      edition: 'gb2589-2008',
      day: '2026-01-01',
    })
    expect(textOf(standardCoalTonnes(decimal('1'), 'GJ', factor))).toBe('0.03412')
    expect(textOf(heatTonnes(decimal('10'), decimal('2'), decimal('0.11')))).toBe('0.88')
    expect(textOf(steamHeatGj(decimal('2'), decimal('2783.74')))).toBe('5.4')
    expect(textOf(hotWaterHeatGj(decimal('10'), decimal('80')))).toBe('2.51208')
  })
})

describe('Decimals', () => {
  const any = fc
    .tuple(fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }), fc.integer({ min: 0, max: 9 }))
    .map(([digits, places]) =>
      decimal(
        textOf(
          decimal(digits.toString()).times(
            decimal(`${'0.'.slice(0, places === 0 ? 0 : 2)}${'0'.repeat(Math.max(0, places - 1))}1`),
          ),
        ),
      ),
    )

  test('as text and back is the same', () => {
    fc.assert(fc.property(any, (value) => decimal(textOf(value)).eq(value)))
  })

  test('sums do not depend on the order, and a million postings do not drift', () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 50 }), (values) => {
        const sum = values.reduce((a, b) => a.plus(b), decimal('0'))
        const back = values.toReversed().reduce((a, b) => a.plus(b), decimal('0'))
        return sum.eq(back)
      }),
    )
    const cent = decimal('0.1')
    let total = decimal('0')
    for (let i = 0; i < 1_000_000; i += 1) total = total.plus(cent)
    expect(textOf(total)).toBe('100000')
  })

  test.each([
    ['12.1498', 1, '12.1'],
    ['1268', -2, '1300'],
    ['10.502', 0, '11'],
    ['1.050', 1, '1.0'],
    ['0.35', 1, '0.4'],
    ['-0.05', 1, '0.0'],
    ['2500', -3, '2000'],
    ['3500', -3, '4000'],
  ])('%s to %i decimals is %s', (text, places, expected) => {
    expect(presented(decimal(text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')), places)).toBe(expected)
  })

  test('a quotient keeps 20 decimals', () => {
    expect(textOf(quotient(decimal('44'), decimal('12')))).toBe('3.66666666666666666667')
  })
})
