import { describe, expect, it } from 'vitest'
import { quantityOf } from '#contract/quantities.ts'
import { goldenMismatches, readGolden } from './golden.ts'
import { goldenPath, profileIds } from './profile-library.ts'
import { loadProfile, parseProfile } from './profile.ts'

describe('every profile of the library', () => {
  it('is found', () => {
    expect(profileIds()).toEqual([
      '2flow-mag-11',
      'acrel-adl400',
      'acrel-dtsd1352',
      'bcontrol-em300',
      'bell-vfm60',
      'bell-vfm60-air',
      'bell-vfm60-water',
      'carlo-gavazzi-em340',
      'chint-dtsu666',
      'chint-dtsu666-2016',
      'dzg-dvh4013',
      'eastron-sdm120',
      'eastron-sdm630',
      'eltako-dsz15d',
      'fuxin-gas-corrector',
      'inepro-pro380',
      'janitza-umg96rm',
      'orno-we514',
      'orno-we516',
      'schneider-iem3155',
      'schneider-pm5000',
      'siemens-pac3200',
      'socomec-countis-e24',
      'solaredge-three-phase',
      'sungrow-sg',
      'tuf-2000m',
      'tuf-2000m-water',
      'xy-md02',
    ])
  })

  it.each(profileIds())('%s loads, is of one carrier and names its evidence', (id) => {
    const map = loadProfile(id)
    expect(map.id).toBe(id)
    expect(map.registers.length).toBeGreaterThan(1)
    expect(map.registers.filter(({ quantity }) => quantityOf(quantity).carrier !== map.carrier)).toEqual([])
    expect(map.evidence.source.length).toBeGreaterThan(10)
  })

  it.each(profileIds())('%s and its golden image cover each other word by word', (id) => {
    const golden = readGolden(goldenPath(id))
    expect(goldenMismatches(golden, loadProfile(id, golden.ratios))).toEqual([])
  })

  it('is missed by a golden file where an address has moved', () => {
    const golden = readGolden(goldenPath('bell-vfm60'))
    const map = loadProfile('bell-vfm60')
    const moved = map.registers.map((register) =>
      register.quantity === 'steamMass' ? { ...register, address: 38 } : register,
    )
    expect(goldenMismatches(golden, { ...map, registers: moved }).map(({ message }) => message)).toEqual([
      'word 38 of steamMass (function 3) is missing',
      'word 39 of steamMass (function 3) is missing',
      'word 36 (function 3) is not in the profile',
      'word 37 (function 3) is not in the profile',
    ])
  })
})

const head = `make: Test
model: Test
carrier: electricity
evidence: { grade: L, source: made up for this test }
defaults: { function: 3, as: i32, notAvailable: [2147483647] }
limits: { registersPerRequest: 10, bridgeGaps: 0 }
registers:
`

describe('a register line', () => {
  it('takes the sentinel of the default encoding only where it has that encoding', () => {
    const map = parseProfile(
      `${head}  voltage.l1: { at: 0 }\n  voltage.l2: { at: 2, as: u16 }\n`,
      'test.yaml',
    )
    expect(map.registers.map(({ notAvailable }) => notAvailable)).toEqual([[2_147_483_647], []])
  })

  it('turns the direction of a power round, never that of a register', () => {
    const map = parseProfile(`${head}  activePower.total: { at: 0, scale: '-1', unit: W }\n`, 'test.yaml')
    expect(map.registers[0]?.factor).toBe('-0.001')
    expect(() =>
      parseProfile(`${head}  activeEnergyImport.total: { at: 0, scale: '-1' }\n`, 'test.yaml'),
    ).toThrow('test.yaml:8:29 registers.activeEnergyImport.total: activeEnergyImport.total only rises')
  })

  it('cannot be scaled by zero', () => {
    expect(() => parseProfile(`${head}  voltage.l1: { at: 0, scale: '-0' }\n`, 'test.yaml')).toThrow(
      'a decimal other than zero',
    )
  })
})
