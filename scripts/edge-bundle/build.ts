import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { constants, zstdCompressSync } from 'node:zlib'
import { build, type Plugin } from 'vite'

/** The gateway's program as one file, and as one executable with Node inside. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const profiles = join(root, 'firmware-config/profiles')
const prebuilds = join(root, 'node_modules/@serialport/bindings-cpp/prebuilds')
/** Platforms of gateways, by the names under which serial-binding.ts looks for them. */
const serialFiles: Readonly<Record<string, string>> = {
  'linux-x64-glibc': 'linux-x64/@serialport+bindings-cpp.glibc.node',
  'linux-x64-musl': 'linux-x64/@serialport+bindings-cpp.musl.node',
  'linux-arm64-glibc': 'linux-arm64/@serialport+bindings-cpp.armv8.glibc.node',
  'linux-arm64-musl': 'linux-arm64/@serialport+bindings-cpp.armv8.musl.node',
  'linux-arm-glibc': 'linux-arm/@serialport+bindings-cpp.armv7.glibc.node',
  'linux-arm-musl': 'linux-arm/@serialport+bindings-cpp.armv7.musl.node',
}
/** The module of serialport that looks for its binding in the folders around it. */
const SERIAL_LOADER = '/@serialport/bindings-cpp/dist/serialport-bindings.js'
const bindingModule = `import serialBinding from ${JSON.stringify(join(root, 'scripts/edge-bundle/serial-binding.ts'))}
export const binding = serialBinding()
`
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 19 } }

/** A module with the texts of the profiles in place of the one that knows their folder. */
function profileModule(): string {
  const folder = 'embedded:profiles'
  const texts = readdirSync(profiles).map((name) => [
    `${folder}/${name}`,
    readFileSync(join(profiles, name), 'utf8'),
  ])
  return `export const profileFolder = ${JSON.stringify(folder)}\nexport const embeddedTexts = new Map(${JSON.stringify(texts)})\n`
}

function prebuildModule(): string {
  const packed = Object.entries(serialFiles).map(([platform, file]) => [
    platform,
    zstdCompressSync(readFileSync(join(prebuilds, file)), COMPRESSION).toString('base64'),
  ])
  return `export const serialPrebuilds = ${JSON.stringify(Object.fromEntries(packed))}\n`
}

/** What is read from folders in a checkout is inside of the program. */
function embedding(): Plugin {
  const inPlaceOf = new Map([
    [join(root, 'firmware-config/bundled-profiles.ts'), profileModule],
    [join(root, 'scripts/edge-bundle/serial-prebuilds.ts'), prebuildModule],
  ])
  return {
    name: 'tanbiao-embedding',
    enforce: 'pre',
    load: (id) => (id.endsWith(SERIAL_LOADER) ? bindingModule : inPlaceOf.get(id)?.()),
  }
}

/** Node’s arguments for a gateway: some 20 MB less memory for no measurable processor time. They are in the executable. */
export const RUNTIME_ARGUMENTS: readonly string[] = ['--max-semi-space-size=2']

/**
 * The same program in ASCII: with one Chinese character in it V8 keeps the whole source at two bytes a character.
 * Throws where an escape would mean something else.
 */
function inAscii(source: string): string {
  if (/\\[^\0-\x7f]/.test(source)) throw new Error('A backslash stands before a character that is not ASCII.')
  return source.replace(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export interface Bundle {
  readonly file: string
  readonly bytes: number
  /** Paths of everything that is in it, relative to the repository where they are in it. */
  readonly modules: readonly string[]
}

/** Writes `tanbiao-edge.mjs` into a folder: it needs Node 26 and nothing else. */
export async function buildBundle(folder: string): Promise<Bundle> {
  const built = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [embedding()],
    ssr: { noExternal: true },
    build: {
      ssr: join(root, 'cli/tanbiao-edge.ts'),
      outDir: folder,
      emptyOutDir: false,
      target: 'node26',
      // Names of classes and lines of stacks stand in the logs of gateways.
      minify: false,
      rolldownOptions: { output: { codeSplitting: false, entryFileNames: 'tanbiao-edge.mjs' } },
    },
  })
  const outputs = 'output' in built ? built.output : []
  const modules = outputs.flatMap((output) => ('modules' in output ? Object.keys(output.modules) : []))
  if (outputs.length !== 1 || modules.length === 0) {
    throw new Error(`The bundle has ${outputs.length} files, not one.`)
  }
  const file = join(folder, 'tanbiao-edge.mjs')
  writeFileSync(file, inAscii(readFileSync(file, 'utf8')))
  return {
    file,
    bytes: statSync(file).size,
    modules: modules.map((id) => id.replace(root, '')),
  }
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
}

/** Makes an executable `tanbiao-edge` of a bundle, beside it, for the machine that this runs on. */
export function buildExecutable(bundle: string): { file: string; bytes: number } {
  const folder = dirname(bundle)
  const file = join(folder, basename(bundle, '.mjs'))
  const work = join(folder, 'work')
  mkdirSync(work, { recursive: true })
  try {
    // Without the names of its functions, which only a debugger reads, Node is a quarter smaller.
    const runtime = join(work, 'node')
    copyFileSync(process.execPath, runtime)
    run('strip', [runtime])
    const settings = join(work, 'sea.json')
    writeFileSync(
      settings,
      JSON.stringify({
        main: bundle,
        mainFormat: 'module',
        executable: runtime,
        output: file,
        disableExperimentalSEAWarning: true,
        execArgv: RUNTIME_ARGUMENTS,
      }),
    )
    run(process.execPath, ['--build-sea', settings])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return { file, bytes: statSync(file).size }
}
