import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildBundle, buildExecutable } from './edge-bundle/build.ts'

/** `npm run build:edge`: the gateway's program in edge/dist, as one file for Node and as one executable. */
const folder = join(fileURLToPath(new URL('../edge/', import.meta.url)), 'dist')
mkdirSync(folder, { recursive: true })
const mega = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

const bundle = await buildBundle(folder)
console.log(`${bundle.file}: ${mega(bundle.bytes)}, ${bundle.modules.length} modules`)
const executable = buildExecutable(bundle.file)
console.log(`${executable.file}: ${mega(executable.bytes)}`)
