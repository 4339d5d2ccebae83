import { basename, dirname, join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import { indexPark } from '#contract/park.ts'
import { dataExists, InvalidFile, readData, type DataFile, type Finding } from './document.ts'
import { gatewayContradictions, type ProfileOnSite } from './gateway-check.ts'
import { readGatewayFile } from './gateway.ts'
import { goldenMismatches, readGolden } from './golden.ts'
import { parkContradictions } from './park-check.ts'
import { readParkData } from './park-file.ts'
import { profileContradictions } from './profile-check.ts'
import { profileFile, toRegisterMap, type TransformerRatios } from './profile.ts'
import type { ProfileFile } from './profile-schema.ts'

/** Paths of the data files that belong together. */
export interface FilesToCheck {
  readonly park?: string
  readonly gateways: readonly string[]
  /** Profiles that the gateways may use; each is checked with its golden file where there is one beside it. */
  readonly profiles: readonly string[]
}

/** The file's content, or `undefined` with its faults added to the findings. */
function take<T>(read: () => T, file: string, findings: Finding[]): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof InvalidFile) findings.push(...error.findings)
    else if (error instanceof Fault) findings.push({ place: error.place ?? { file }, message: error.message })
    else throw error
    return undefined
  }
}

function checkProfile(file: string, findings: Finding[]): DataFile<ProfileFile> | undefined {
  const data = take(
    () => {
      const read = readData(profileFile, file)
      findings.push(...profileContradictions(read, toRegisterMap(read)))
      return read
    },
    file,
    findings,
  )
  if (data === undefined) return undefined
  const beside = join(dirname(file), `${basename(file, '.yaml')}.golden.yaml`)
  if (dataExists(beside)) {
    const golden = take(() => readGolden(beside), beside, findings)
    if (golden !== undefined) {
      const onSite = take(() => toRegisterMap(data, golden.ratios), file, findings)
      if (onSite !== undefined) findings.push(...goldenMismatches(golden, onSite))
    }
  }
  return data
}

/** Profiles by id for the ratios of a site; those that cannot be used are found once. */
function onSite(files: readonly string[], findings: Finding[]): ProfileOnSite {
  const profiles = new Map(files.map((file) => [basename(file, '.yaml'), checkProfile(file, findings)]))
  const made = new Map<string, ReturnType<ProfileOnSite>>()
  const make = (id: string, ratios: TransformerRatios): ReturnType<ProfileOnSite> => {
    if (!profiles.has(id)) return 'unknown'
    const data = profiles.get(id)
    if (data === undefined) return 'faulty'
    return take(() => toRegisterMap(data, ratios), data.file, findings) ?? 'faulty'
  }
  return (id, { current, voltage }) => {
    const key = `${id} ${current} ${voltage}`
    const map = made.get(key) ?? make(id, { current, voltage })
    made.set(key, map)
    return map
  }
}

function gatewaysTwice(files: readonly DataFile<{ gateway: string }>[]): Finding[] {
  const first = new Map<string, string>()
  const findings: Finding[] = []
  for (const data of files) {
    const other = first.get(data.value.gateway)
    if (other === undefined) first.set(data.value.gateway, data.file)
    else {
      const message = `the gateway "${data.value.gateway}" is described in ${other} already`
      findings.push({ place: data.placeOf(['gateway']), message })
    }
  }
  return findings
}

/**
 * Checks data files one by one and against each other; an empty list means that they fit.
 * A file that cannot be read or parsed is a finding, and the others are checked as far as they go without it.
 */
export function checkFiles(files: FilesToCheck): Finding[] {
  const findings: Finding[] = []
  const { park: parkFile } = files
  const parkData = parkFile === undefined ? undefined : take(() => readParkData(parkFile), parkFile, findings)
  if (parkData !== undefined) findings.push(...parkContradictions(parkData))
  const profiles = onSite(files.profiles, findings)
  const park = parkData === undefined ? undefined : indexPark(parkData.value)
  const gateways = files.gateways
    .map((file) => take(() => readGatewayFile(file), file, findings))
    .filter((data) => data !== undefined)
  for (const data of gateways) findings.push(...gatewayContradictions(data, park, profiles))
  findings.push(...gatewaysTwice(gateways))
  return findings
}
