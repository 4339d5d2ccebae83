import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { checkFiles } from './check.ts'
import { findingText } from './document.ts'
import { profileIds, profilePath } from './profile-library.ts'

/** Sound files, and a folder for bad ones that are made from them. */

export const profiles = profileIds().map(profilePath)

export interface CheckedFolder {
  readonly path: string
  /** Writes a file into the folder and returns its path. */
  readonly file: (name: string, text: string) => string
  /** What `tanbiao check` would print, with the folder left out. */
  readonly printed: (findings: ReturnType<typeof checkFiles>) => string[]
}

/** A temporary folder for each test of a file. */
export function checkedFolder(): CheckedFolder {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-check-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  return {
    get path() {
      return folder
    },
    file: (name, text) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    },
    printed: (findings) => findings.map((finding) => findingText(finding).replaceAll(`${folder}/`, '')),
  }
}

export const park = `id: test-park
name: { zh: 园区, en: Park }
gateways:
  - { id: gateway-1, name: { zh: 一, en: One } }
meters:
  - id: main
    name: { zh: 总, en: Main }
    carrier: electricity
    role: boundary
    gateway: gateway-1
    register: activeEnergyImport.total
    power: activePower.total
    ratingPerHour: 100
    installed: 2026-01-01T00:00:00+08:00
  - id: gas
    name: { zh: 气, en: Gas }
    carrier: naturalGas
    role: boundary
    gateway: gateway-1
    register: gasVolumeStandard
    ratingPerHour: 100
    installed: 2026-01-01T00:00:00+08:00
`

/** A thermometer in a park file or a gateway file. */
export const sensors = `sensors:
  - id: weather
    name: { zh: 气象, en: Weather }
    gateway: gateway-1
    installed: 2026-01-01T00:00:00+08:00
`
export const sensorLine = '      - { meter: weather, unit: 3, profile: xy-md02 }\n'

export const gateway = `gateway: gateway-1
park: test-park
uplink: { url: 'mqtt://127.0.0.1:1883' }
buses:
  - id: bus-1
    transport: { kind: tcp, host: 127.0.0.1 }
    meters:
      - { meter: main, unit: 1, profile: eastron-sdm630 }
      - { meter: gas, unit: 2, profile: fuxin-gas-corrector }
`
