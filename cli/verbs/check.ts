import { existsSync } from 'node:fs'
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
const demo = {
  park: join(demoFolder, 'park.yaml'),
  gateway: ['gateway-east.yaml', 'gateway-west.yaml'].map((file) => join(demoFolder, file)),
}

const options = z.object({
  park: text.optional().meta({ description: 'The park file' }),
  gateway: z
    .array(text)
    .default([])
    .meta({ description: 'A gateway file; may be given several times. Without files, those of the demo' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own, checked too' }),
  factors: text.optional().meta({ description: 'Folder of the factor files (those of tanbiao)' }),
})

/** Standard coal, fuels, electricity, heat. */
const FACTOR_FILES = 4

function factorFindings(folder: string | undefined): readonly Finding[] {
  if (folder === undefined) return []
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
  // A gateway's own program comes without the demo.
  const any = given.park !== undefined || given.gateway.length > 0 || !existsSync(demoFolder)
  const { park, gateway } = any ? given : demo
  const factors = given.factors ?? (existsSync(factorFolder) ? factorFolder : undefined)
  const profiles = [...openProfiles(given.profiles).paths.values()]
  const findings = [
    ...checkFiles({ ...(park === undefined ? {} : { park }), gateways: gateway, profiles }),
    ...profiles.flatMap(goldenFindings),
    ...factorFindings(factors),
  ]
  for (const finding of findings) console.log(findingText(finding))
  const factorFiles = factors === undefined ? 0 : FACTOR_FILES
  const files = (park === undefined ? 0 : 1) + gateway.length + profiles.length + factorFiles
  console.log(`${files} files, ${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
  return Promise.resolve()
})
