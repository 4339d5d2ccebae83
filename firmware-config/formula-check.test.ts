import { describe, expect, it } from 'vitest'
import { parkDescription } from '#contract/park.ts'
import { InvalidFile, parseData } from './document.ts'
import { parkContradictions } from './park-check.ts'

const park = (formulas: string): string => `id: p
name: { zh: 园区, en: Park }
gateways: [{ id: g, name: { zh: 网关, en: Gateway } }]
meters:
  - { id: in, name: { zh: 表, en: Meter }, carrier: electricity, role: boundary, gateway: g, register: activeEnergyImport.total, ratingPerHour: 100, installed: 2025-01-01T00:00:00+08:00 }
  - { id: gas, name: { zh: 表, en: Meter }, carrier: naturalGas, role: boundary, gateway: g, register: gasVolumeStandard, ratingPerHour: 100, installed: 2025-01-01T00:00:00+08:00 }
${formulas}`

const virtual = (id: string, formula: string, more = ''): string =>
  `  - { id: ${id}, name: { zh: 表, en: Meter }, carrier: electricity, role: submeter, register: activeEnergyImport.total, ratingPerHour: 100, installed: 2025-01-01T00:00:00+08:00, formula: ${formula}${more} }\n`

/** Findings without the place of the file, which is that of the formula's line. */
function findingsOf(text: string): string[] {
  try {
    return parkContradictions(parseData(parkDescription, text, 'park.yaml')).map(
      ({ place, message }) => `${place.line}: ${message}`,
    )
  } catch (error) {
    if (error instanceof InvalidFile) return error.message.split('\n').slice(1)
    throw error
  }
}

describe('meters with formulas', () => {
  it('are sound over meters that there are, of the same unit', () => {
    expect(
      findingsOf(park(virtual('rest', 'in - in:activeEnergyExport.total') + virtual('half', '50 % * rest'))),
    ).toEqual([])
  })

  it.each([
    ['a meter that there is not', virtual('rest', 'in - out'), ['7: there is no meter "out" in this park']],
    ['another unit', virtual('rest', 'in + gas'), ['7: gas counts gasVolumeStandard in m³, not in kWh']],
    [
      'a circle',
      virtual('a', 'in - b') + virtual('b', '0.5 * a'),
      ['7: feeds itself: a ← b ← a', '8: feeds itself: b ← a ← b'],
    ],
    [
      'a gateway as well',
      virtual('rest', 'in', ', gateway: g'),
      ['7: has a formula: what a gateway reads of it would be left out'],
    ],
    [
      'power',
      virtual('rest', 'in', ', power: activePower.total'),
      ['7: has a formula: it has no register and is not read'],
    ],
    [
      'power that is not given',
      virtual('rest', 'in').replace('formula: in', 'gateway: g, energyFrom: power'),
      ['7: is computed from its power, but has no `power`'],
    ],
    [
      'power of another kind',
      virtual('rest', 'in').replace(
        'formula: in',
        'gateway: g, energyFrom: power, power: reactivePower.total',
      ),
      ['7: reactivePower.total cannot be integrated to activeEnergyImport.total'],
    ],
    [
      'estimates that need a register',
      virtual('rest', 'in').replace(
        'formula: in',
        'gateway: g, energyFrom: advances, estimate: { method: pro-rata }',
      ),
      ['7: pro rata is between two known registers: the meter has none'],
    ],
    [
      'neither gateway nor formula',
      virtual('rest', 'in').replace(', formula: in', ''),
      ['7: has neither a gateway that reads it nor a formula'],
    ],
  ])('with %s are found, with their place', (_, lines, findings) => {
    expect(findingsOf(park(lines))).toEqual(findings)
  })

  it('that cannot be read are refused with their place', () => {
    expect(() => parseData(parkDescription, park(virtual('rest', 'in * in')), 'park.yaml')).toThrow(
      /park\.yaml:7:\d+ meters\.2\.formula: meters can be added and subtracted; one of two factors is a number/,
    )
  })
})
