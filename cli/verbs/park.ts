import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { indexPark } from '#contract/park.ts'
import { checkFiles } from '#firmware-config/check.ts'
import { InvalidFile } from '#firmware-config/document.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { profileIds, profilePath } from '#firmware-config/profile-library.ts'
import { generatePark } from '#simulators/generated-park.ts'
import { scenarioContradictions, unbuildable } from '#simulators/scenario-check.ts'
import { readScenario } from '#simulators/scenario.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  scenario: text.meta({ description: 'The scenario file, with a "generate" part' }),
  park: text.optional().meta({
    description: 'A park file whose meters and enterprises stand beside the generated ones',
  }),
  out: text.meta({ description: 'Folder for park.yaml and the gateway files; nothing in it is overwritten' }),
})

/** Writes new files into a folder, which is made where it is missing. Throws `argument-invalid` or `folder-unusable`. */
function writeNew(folder: string, files: ReadonlyMap<string, unknown>): string[] {
  const paths = new Map([...files].map(([name, value]) => [join(folder, name), value]))
  const taken = [...paths.keys()].find((path) => existsSync(path))
  if (taken !== undefined) throw new Fault('argument-invalid', `--out: ${taken} is there already`)
  try {
    mkdirSync(folder, { recursive: true })
    for (const [path, value] of paths) writeFileSync(path, stringify(value), { flag: 'wx' })
  } catch (cause) {
    throw new Fault('folder-unusable', `${folder} cannot be written.`, { place: { file: folder }, cause })
  }
  return [...paths.keys()]
}

/** Writes the park that a scenario generates, and checks it. */
export const park = verb('Write the park file and gateway files of a generated park', options, (given) => {
  const scenario = readScenario(given.scenario)
  if (scenario.value.generate === undefined) {
    throw new Fault('argument-invalid', `--scenario: ${given.scenario} has no "generate" part`)
  }
  const broken = unbuildable(scenario)
  if (broken.length > 0) throw new InvalidFile(given.scenario, broken)
  const base = given.park === undefined ? undefined : readParkFile(given.park).description
  const { park: description, gateways } = generatePark(scenario.value, base)
  const contradictions = scenarioContradictions(scenario, indexPark(description))
  if (contradictions.length > 0) throw new InvalidFile(given.scenario, contradictions)
  const files = writeNew(
    given.out,
    new Map<string, unknown>([
      ['park.yaml', description],
      ...gateways.map((file) => [`${file.gateway}.yaml`, file] as const),
    ]),
  )
  const [parkPath = '', ...gatewayPaths] = files
  const findings = checkFiles({
    park: parkPath,
    gateways: gatewayPaths,
    profiles: profileIds().map((id) => profilePath(id)),
  })
  if (findings.length > 0) throw new InvalidFile(given.out, findings)
  const meters = gateways.flatMap(({ buses }) => buses).flatMap((bus) => bus.meters).length
  for (const file of files) console.log(file)
  console.log(`${meters} meters of ${description.enterprises.length} enterprises`)
  return Promise.resolve()
})
