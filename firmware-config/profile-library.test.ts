import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProfiles, profileIds, profilePath } from './profile-library.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-profiles-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const OWN = `make: Own
model: Meter 1
carrier: water
evidence: { grade: L, source: written for this test }
defaults: { function: 4, as: mod10-3, order: CDAB }
limits: { registersPerRequest: 10, bridgeGaps: 0 }
registers:
  waterVolume: { at: 10, scale: '0.001' }
`

describe('the library of profiles', () => {
  it('takes a model that is a file in a folder of the user, beside its own', () => {
    writeFileSync(join(folder, 'own-meter.yaml'), OWN)
    writeFileSync(join(folder, 'own-meter.golden.yaml'), 'is no profile')
    writeFileSync(join(folder, 'notes.txt'), 'nor is this')
    const library = openProfiles(folder)
    expect([...library.paths.keys()]).toEqual([...profileIds(), 'own-meter'].sort())
    expect(library.load('own-meter').registers).toEqual([
      {
        quantity: 'waterVolume',
        function: 4,
        address: 10,
        words: 3,
        encoding: 'mod10-3',
        order: 'CDAB',
        factor: '0.001',
        resolution: '0.001',
        wrapsAt: 1_000_000_000_000,
        notAvailable: [],
      },
    ])
    expect(library.load('chint-dtsu666', { current: '40', voltage: '1' }).ratioRegisters[0]?.expected).toBe(
      '40',
    )
  })

  it('refuses an id that is there twice, naming both files', () => {
    const twin = join(folder, 'eastron-sdm630.yaml')
    copyFileSync(profilePath('eastron-sdm630'), twin)
    expect(() => openProfiles(folder)).toThrow(
      expect.objectContaining({
        code: 'file-invalid',
        message: `The profile "eastron-sdm630" is there twice, in ${profilePath('eastron-sdm630')} too: rename this one.`,
        place: { file: twin },
      }),
    )
  })

  it('says which folder cannot be read, and which profile there is not', () => {
    expect(() => openProfiles(join(folder, 'none'))).toThrow(
      expect.objectContaining({ code: 'file-unreadable', place: { file: join(folder, 'none') } }),
    )
    expect(() => openProfiles(folder).load('own-meter')).toThrow(
      expect.objectContaining({ code: 'profile-unknown' }),
    )
  })

  it('names the place of what is wrong with a profile only when it is asked for', () => {
    writeFileSync(join(folder, 'own-meter.yaml'), OWN.replace('waterVolume', 'waterLevel'))
    const library = openProfiles(folder)
    expect(() => library.load('own-meter')).toThrow(`${join(folder, 'own-meter.yaml')}:8:15`)
  })
})

describe('the wrap of a register', () => {
  const load = (line: string): unknown => {
    writeFileSync(join(folder, 'own-meter.yaml'), OWN.replace(/ {2}waterVolume.*/, `  waterVolume: ${line}`))
    return openProfiles(folder).load('own-meter').registers[0]?.wrapsAt
  }

  it('is the capacity of its encoding where nothing else is documented, in counts', () => {
    expect(load("{ at: 10, as: u32, scale: '0.01' }")).toBe(2 ** 32)
    expect(load("{ at: 10, as: bcd8, scale: '0.01' }")).toBe(100_000_000)
    expect(load("{ at: 10, as: u32, scale: '0.01', wrapsAt: 100000000 }")).toBe(100_000_000)
  })

  it('of a float is counted in its resolution', () => {
    expect(load("{ at: 10, as: f32, unit: L, resolution: '0.01', wrapsAt: 1000000 }")).toBe(100_000)
    expect(load("{ at: 10, as: f32, resolution: '0.01' }")).toBeUndefined()
  })

  it('is unknown where the register could turn negative, and beyond 2⁵³ counts', () => {
    expect(load('{ at: 10, as: i32 }')).toBeUndefined()
    expect(load('{ at: 10, as: u64 }')).toBeUndefined()
  })
})
