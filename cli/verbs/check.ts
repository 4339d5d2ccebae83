import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { goldenFindings } from '#edge/golden-check.ts'
import { checkFiles } from '#firmware-config/check.ts'
import { findingText } from '#firmware-config/document.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { scenarioFindings, shippedScenarios } from '#simulators/scenario-files.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const demoFolder = fileURLToPath(new URL('../../firmware-config/examples/demo-park/', import.meta.url))

const demoPark = join(demoFolder, 'park.yaml')

const options = z.object({
  park: text.default(demoPark).meta({ description: 'The park file (that of the demo)' }),
  gateway: z
    .array(text)
    .default(['gateway-east.yaml', 'gateway-west.yaml'].map((file) => join(demoFolder, file)))
    .meta({ description: 'A gateway file; may be given several times (those of the demo)' }),
  scenario: z.array(text).optional().meta({
    description:
      'A scenario file; may be given several times (those that are shipped, unless --park is given)',
  }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own, checked too' }),
})

/** The park that the shipped scenarios are for besides that of the demo; generated parks are made from theirs. */
const single = ['park.yaml', 'gateway.yaml'].map((file) => join(demoFolder, '../single-meter', file))

/** Checks data files: schema, and what must agree between them. */
export const check = verb('Check park, gateway, profile and scenario files', options, (given) => {
  const library = openProfiles(given.profiles)
  const profiles = [...library.paths.values()]
  const scenarios = given.scenario ?? (given.park === demoPark ? shippedScenarios : [])
  const [singlePark = '', singleGateway = ''] = single
  const surroundings = {
    parks: [given.park, singlePark],
    gateways: [...given.gateway, singleGateway],
    profile: library.load,
  }
  const findings = [
    ...checkFiles({ park: given.park, gateways: given.gateway, profiles }),
    ...profiles.flatMap(goldenFindings),
    ...scenarios.flatMap((file) => scenarioFindings(file, surroundings)),
  ]
  for (const finding of findings) console.log(findingText(finding))
  const files = 1 + given.gateway.length + profiles.length + scenarios.length
  console.log(`${files} files, ${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
  return Promise.resolve()
})
