import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { goldenFindings } from '#edge/golden-check.ts'
import { checkFiles } from '#firmware-config/check.ts'
import { findingText, type Finding } from '#firmware-config/document.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const demoFolder = fileURLToPath(new URL('../../firmware-config/examples/demo-park/', import.meta.url))
const demo = {
  park: join(demoFolder, 'park.yaml'),
  config: ['gateway-east.yaml', 'gateway-west.yaml'].map((file) => join(demoFolder, file)),
}

/** What is checked on a gateway and elsewhere alike. */
export const checkOptions = z.object({
  park: text.optional().meta({ description: 'The park file' }),
  config: z.array(text).default([]).meta({
    description: 'A gateway file; may be given several times. Without files, those of the demo',
    formerly: 'gateway',
  }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own, checked too' }),
})

/** What was checked, and what was found. */
export interface Checked {
  readonly files: number
  readonly findings: readonly Finding[]
}

/** The park and gateway files that are meant: those of the demo where none is given and the demo is at hand. */
export function checkedFiles(given: z.output<typeof checkOptions>): {
  readonly park: string | undefined
  readonly config: readonly string[]
} {
  // A gateway's own program comes without the demo.
  const any = given.park !== undefined || given.config.length > 0 || !existsSync(demoFolder)
  return any ? { park: given.park, config: given.config } : demo
}

/** Checks park, gateway and profile files: schema, and what must agree between them. */
export function checkOf(given: z.output<typeof checkOptions>): Checked {
  const { park, config } = checkedFiles(given)
  const profiles = [...openProfiles(given.profiles).paths.values()]
  return {
    files: (park === undefined ? 0 : 1) + config.length + profiles.length,
    findings: [
      ...checkFiles({ ...(park === undefined ? {} : { park }), gateways: config, profiles }),
      ...profiles.flatMap(goldenFindings),
    ],
  }
}

/** Prints what was found; findings are exit code 1. */
export function tellChecked({ files, findings }: Checked): void {
  for (const finding of findings) console.log(findingText(finding))
  console.log(`${files} files, ${findings.length} findings`)
  if (findings.length > 0) process.exitCode = 1
}

/** The check of a gateway's own program. */
export const check = verb('Check park, gateway and profile files', checkOptions, (given) => {
  tellChecked(checkOf(given))
  return Promise.resolve()
})
