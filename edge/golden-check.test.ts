import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findingText } from '#firmware-config/document.ts'
import { goldenPath, profilePath } from '#firmware-config/profile-library.ts'
import { goldenFindings } from './golden-check.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-golden-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** Findings of a profile of the library whose own or golden text was changed. */
function found(id: string, change: { profile?: [string, string]; golden?: [string, string] }): string[] {
  const changed = (file: string, [from, to]: [string, string] = ['', '']): string => {
    const text = readFileSync(file, 'utf8')
    expect(text).toContain(from)
    return text.replace(from, to)
  }
  const file = join(folder, 'm.yaml')
  writeFileSync(file, changed(profilePath(id), change.profile))
  writeFileSync(join(folder, 'm.golden.yaml'), changed(goldenPath(id), change.golden))
  return goldenFindings(file).map((finding) => findingText(finding).replaceAll(`${folder}/`, ''))
}

describe('a golden file', () => {
  it('of a right profile has nothing to say', () => {
    expect(found('socomec-countis-e24', {})).toEqual([])
    expect(found('acrel-dtsd1352', {})).toEqual([])
  })

  it('finds a wrong scale, order or type at the reading that it changes', () => {
    expect(found('tuf-2000m', { profile: ["scale: '277.777777778'", "scale: '277.8'"] })).toEqual([
      expect.stringMatching(/^m\.golden\.yaml:\d+:14 readings\.heatPower: the words say -2\.409/),
    ])
    expect(found('tuf-2000m', { profile: ['order: CDAB', 'order: ABCD'] }).length).toBe(6)
    expect(
      found('sungrow-sg', {
        profile: [
          "current.l2: { at: 5022, as: i16, scale: '0.1' }",
          "current.l2: { at: 5022, as: u16, scale: '0.1' }",
        ],
      }),
    ).toEqual([expect.stringContaining('readings.current.l2: the words say 6553.5')])
  })

  it('finds a count that differs by one step', () => {
    expect(found('xy-md02', {})).toEqual([])
    expect(found('dzg-dvh4013', { golden: ['count: 12500', 'count: 12501'] })).toEqual([
      expect.stringContaining(
        "readings.activeEnergyExport.total: the words say { count: 12500, resolution: '0.001' }",
      ),
    ])
  })

  it('finds an identity and a ratio that its words do not tell', () => {
    expect(found('socomec-countis-e24', { golden: ['make: SOCO', 'make: SOCA'] })).toEqual([
      expect.stringContaining('identity.make: the words say SOCO'),
    ])
    expect(found('socomec-countis-e24', { profile: ['expect: SOCO', 'expect: SOCA'] })).toEqual([
      expect.stringContaining('identity.make: the profile expects SOCA'),
    ])
    expect(found('chint-dtsu666-2016', { golden: ["words: '000A'", "words: '0014'"] })).toEqual([
      expect.stringContaining('the gateway file says ratios.voltage = 1, the meter holds 2 in register 7'),
    ])
  })

  it('is left to the checker of files where it or its profile cannot be read', () => {
    expect(found('xy-md02', { golden: ['readings:', 'reading:'] })).toEqual([])
    expect(found('xy-md02', { profile: ['registersPerRequest: 125', 'registersPerRequest: 0'] })).toEqual([])
    const lone = join(folder, 'lone.yaml')
    copyFileSync(profilePath('xy-md02'), lone)
    expect(goldenFindings(lone)).toEqual([])
  })
})
