import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { goldenFindings } from '#edge/golden-check.ts'
import { checkFiles } from '#firmware-config/check.ts'
import { findingText, InvalidFile, type Finding } from '#firmware-config/document.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { factorFolder, readFactorFiles } from '../factor-files.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const demoFolder = fileURLToPath(new URL('../../firmware-config/examples/demo-park/', import.meta.url))

const options = z.object({
  park: text.default(join(demoFolder, 'park.yaml')).meta({ description: 'The park file (that of the demo)' }),
  gateway: z
    .array(text)
    .default(['gateway-east.yaml', 'gateway-west.yaml'].map((file) => join(demoFolder, file)))
    .meta({ description: 'A gateway file; may be given several times (those of the demo)' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own, checked too' }),
  factors: text.default(factorFolder).meta({ description: 'Folder of the factor files (those of tanbiao)' }),
})

/** Standard coal, fuels, electricity, heat. */
const FACTOR_FILES = 4

function factorFindings(folder: string): readonly Finding[] {
  try {
    readFactorFiles(folder)
    return []
  } catch (error) {
    if (error instanceof InvalidFile) return error.findings
    throw error
  }
}

/** Checks data files: schema, and what must agree between them. */
export const check = verb('Check park, gateway, profile and factor files', options, (given) => {
  const profiles = [...openProfiles(given.profiles).paths.values()]
  const findings = [
    ...checkFiles({ park: given.park, gateways: given.gateway, profiles }),
    ...profiles.flatMap(goldenFindings),
    ...factorFindings(given.factors),
  ]
  for (const finding of findings) console.log(findingText(finding))
  const files = 1 + given.gateway.length + profiles.length + FACTOR_FILES
  console.log(`${files} files, ${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
  return Promise.resolve()
})
