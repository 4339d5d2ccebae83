import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { checkFiles } from '#firmware-config/check.ts'
import { findingText, InvalidFile, type Finding } from '#firmware-config/document.ts'
import { profileFolder } from '#firmware-config/profile.ts'
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
  const folder = fileURLToPath(profileFolder)
  const profiles = readdirSync(folder)
    .filter((file) => file.endsWith('.yaml') && !file.endsWith('.golden.yaml'))
    .map((file) => join(folder, file))
  const findings = [
    ...checkFiles({ park: given.park, gateways: given.gateway, profiles }),
    ...factorFindings(given.factors),
  ]
  for (const finding of findings) console.log(findingText(finding))
  const files = 1 + given.gateway.length + profiles.length + FACTOR_FILES
  console.log(`${files} files, ${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
  return Promise.resolve()
})
