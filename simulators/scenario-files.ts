import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Fault } from '#contract/fault.ts'
import { indexPark, type Park } from '#contract/park.ts'
import { InvalidFile, type Finding } from '#firmware-config/document.ts'
import { readGatewayFile, type GatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import type { RegisterMap, TransformerRatios } from '#firmware-config/profile.ts'
import { behaviourFindings } from './fault-schedule.ts'
import { generatePark } from './generated-park.ts'
import { scenarioContradictions, unbuildable } from './scenario-check.ts'
import { readScenario } from './scenario.ts'
import { faultSubjects } from './simulation.ts'

/** Scenario files checked as data: each by itself, and against the park and gateways that it is for. */

const folder = fileURLToPath(new URL('scenarios/', import.meta.url))

/** The scenarios that come with tanbiao. */
export const shippedScenarios: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => `${folder}${name}`)

/** What scenarios may be for. */
export interface ScenarioSurroundings {
  readonly parks: readonly string[]
  readonly gateways: readonly string[]
  readonly profile: (id: string, ratios: TransformerRatios) => RegisterMap
}

/**
 * Everything that is wrong in a scenario file: its shape, and what contradicts the park that it generates, or else the
 * one of the given parks that it names, and their gateways. Files that cannot be read are left to their own check.
 */
export function scenarioFindings(
  file: string,
  { parks, gateways, profile }: ScenarioSurroundings,
): Finding[] {
  const orFindings = <T>(read: () => T, failed: (findings: Finding[]) => T): T => {
    try {
      return read()
    } catch (error) {
      if (error instanceof InvalidFile) return failed([...error.findings])
      if (error instanceof Fault) return failed([{ place: error.place ?? { file }, message: error.message }])
      throw error
    }
  }
  const readable = <T>(read: (path: string) => T, paths: readonly string[]): T[] =>
    paths.flatMap((path) =>
      orFindings<T[]>(
        () => [read(path)],
        () => [],
      ),
    )
  return orFindings<Finding[]>(
    () => {
      const data = readScenario(file)
      const broken = unbuildable(data)
      if (broken.length > 0) return broken
      const { generate, park: id } = data.value
      const made = generate === undefined ? undefined : generatePark(data.value)
      const park: Park | undefined =
        made === undefined
          ? readable(readParkFile, parks).find(({ description }) => description.id === id)
          : indexPark(made.park)
      if (park === undefined) {
        return [
          { place: data.placeOf(['park']), message: `no park file of "${id}" was given to check it with` },
        ]
      }
      const its: readonly GatewayFile[] =
        made?.gateways ??
        readable((path) => readGatewayFile(path).value, gateways).filter((gateway) => gateway.park === id)
      return [...scenarioContradictions(data, park), ...behaviourFindings(data, faultSubjects(its, profile))]
    },
    (findings) => findings,
  )
}
