import { describe, expect, test } from 'vitest'
import { resolution } from './amount.ts'
import { carrierNames } from './carriers.ts'
import { families } from './families.ts'
import { Fault, faultTable, faultText, placeText, retiredFaultCodes } from './fault.ts'
import { isQuantityName, quantities, quantityName, quantityOf } from './quantities.ts'
import { isRegisterReading, valueFits, type Reading } from './reading.ts'
import { canonicalUnits, reportedUnits } from './units.ts'

describe('the catalogue of quantities', () => {
  const names = quantities.map(({ name }) => name)

  test('names every quantity once, and finds it by its name', () => {
    expect(new Set(names).size).toBe(names.length)
    expect(names.map((name) => quantityOf(name).name)).toEqual(names)
    expect(quantityName.options).toEqual(names)
    expect(['voltage', 'voltage.total', 'steamMass.total', 'toString', ''].map(isQuantityName)).not.toContain(
      true,
    )
  })

  test('has a canonical unit, a carrier and a label in both languages for each, and no label twice', () => {
    for (const { unit, carrier, label } of quantities) {
      expect(canonicalUnits).toContain(unit)
      expect(carrierNames).toContain(carrier)
      expect(label.zh).not.toBe('')
      expect(label.en).not.toBe('')
    }
    expect(new Set(quantities.map(({ label }) => label.zh)).size).toBe(names.length)
    expect(new Set(quantities.map(({ label }) => label.en)).size).toBe(names.length)
  })

  test('has a unit of energy, volume, mass or pieces for cumulative quantities only', () => {
    const counted = ['kWh', 'kvarh', 'kVAh', 'm³', 't', 'GJ', 'pcs']
    const wrong = quantities.filter(({ kind, unit }) => (kind === 'cumulative') !== counted.includes(unit))
    expect(wrong).toEqual([])
  })

  test('has the places of its families', () => {
    const expected = Object.values(families).map((family) => ('places' in family ? family.places.length : 1))
    expect(names.length).toBe(expected.reduce((all, each) => all + each, 0))
  })
})

describe('units', () => {
  test('are reported in exact factors of a canonical one, which is one of itself', () => {
    for (const [unit, { to, factor }] of Object.entries(reportedUnits)) {
      expect(canonicalUnits).toContain(to)
      expect(resolution.safeParse(factor).success, `${unit} ${factor}`).toBe(true)
    }
    expect(canonicalUnits.map((unit) => reportedUnits[unit])).toEqual(
      canonicalUnits.map((to) => ({ to, factor: '1' })),
    )
  })

  test('of the catalogue are all in use', () => {
    expect(new Set(quantities.map(({ unit }) => unit))).toEqual(new Set(canonicalUnits))
  })
})

describe('readings', () => {
  const at = { meter: 'm1', atMs: 0 }
  const register: Reading = {
    ...at,
    quantity: 'steamMass',
    quality: 'good',
    value: { count: 1, resolution: '1' },
  }
  const state: Reading = { ...at, quantity: 'frequency', quality: 'good', value: 50 }
  const failed: Reading = { ...at, quantity: 'steamMass', quality: 'bad', cause: 'timeout' }

  test('of a register are usable counts', () => {
    expect([register, state, failed].map(isRegisterReading)).toEqual([true, false, false])
  })

  test('hold a count where the quantity is cumulative, a number where it is not', () => {
    const count = { count: 1, resolution: '1' }
    for (const { name, kind } of quantities) {
      expect([valueFits(name, count), valueFits(name, 1)]).toEqual([
        kind === 'cumulative',
        kind === 'instantaneous',
      ])
    }
  })
})

describe('faults', () => {
  test('have a code of small words and an advice that is a sentence', () => {
    for (const [code, { advice }] of Object.entries(faultTable)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)+$/)
      expect(advice).toMatch(/^[A-Z].*\.$/)
    }
  })

  test('never take up a retired code', () => {
    expect(retiredFaultCodes.filter((code) => code in faultTable)).toEqual([])
  })

  test('say where, what and what to do, and keep their cause', () => {
    const cause = new Error('ENOENT')
    const fault = new Fault('file-unreadable', 'park.yaml cannot be read.', {
      place: { file: 'park.yaml', line: 3, column: 7, path: 'meters.0' },
      cause,
    })
    expect(fault.cause).toBe(cause)
    expect(fault.retryable).toBe(false)
    expect(placeText(fault.place)).toBe('park.yaml:3:7 meters.0')
    expect(placeText(undefined)).toBe('')
    expect(faultText(fault)).toBe(
      'park.yaml:3:7 meters.0: park.yaml cannot be read.\n  → Check the path and its permissions. [file-unreadable]',
    )
    expect(faultText(new Fault('web-not-built', 'There are no pages.'))).toMatch(/^There are no pages\.\n/)
  })
})
