import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { build, type Plugin } from 'vite'
import { parse } from 'yaml'
import { installationRoot as root } from '#cli/installation.ts'
import { manifestFile, manifestText, programFolder } from '#cli/prepared-program.ts'

/** `npm run build:program`: the program that processes start from, in a few files instead of a thousand. */

const folder = programFolder(root)

/** They load a library of machine code from beside them, and only gateways with a serial line need them. */
const LEFT_OUT = ['serialport', '@serialport/bindings-cpp']

/** Files are found from where a source lies, not from where the program does. */
const placesOfSources: Plugin = {
  name: 'tanbiao-places',
  enforce: 'pre',
  transform: (code, id) =>
    code
      .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
      .replaceAll('import.meta.dirname', JSON.stringify(dirname(id))),
}

/** The data files that a start reads. */
const DATA_FOLDERS = [
  'firmware-config/profiles',
  'firmware-config/examples/demo-park',
  'simulators/scenarios',
]

/** What is in them, by the digest of the text. */
function parsedTextsModule(): string {
  const entries = DATA_FOLDERS.flatMap((name) =>
    readdirSync(join(root, name))
      .filter((file) => file.endsWith('.yaml') && !file.endsWith('.golden.yaml'))
      .flatMap((file) => {
        const text = readFileSync(join(root, name, file), 'utf8')
        const value: unknown = parse(text)
        const json = JSON.stringify(value)
        // What JSON cannot say, such as an infinite number, is parsed when it is needed.
        if (!isDeepStrictEqual(JSON.parse(json), value)) return []
        return [[createHash('sha256').update(text).digest('hex'), json]]
      }),
  )
  return `export const parsedTexts = new Map(${JSON.stringify(entries)})\n`
}

const knownData: Plugin = {
  name: 'tanbiao-data',
  enforce: 'pre',
  load: (id) => (id === join(root, 'firmware-config/parsed-texts.ts') ? parsedTextsModule() : undefined),
}

const IMPORT = /^import (?:(?:\* as )?(?<whole>[\w$]+)|\{(?<names>[^}]*)\}) from "(?<module>[^"]+)";$/gm

/**
 * Takes the runtime's own modules as objects. An import would look at everything that a module exports, and some of it
 * is only made when it is looked at: with `node:http` comes a whole HTTP client.
 */
const runtimeModules: Plugin = {
  name: 'tanbiao-runtime',
  renderChunk: (code) =>
    code.replaceAll(IMPORT, (line, whole?: string, names?: string, module = '') => {
      if (!isBuiltin(module)) return line
      const what = whole ?? `{${names?.replaceAll(' as ', ': ')}}`
      return `const ${what} = process.getBuiltinModule(${JSON.stringify(module)});`
    }),
}

const startedMs = Date.now()
const built = await build({
  root,
  configFile: false,
  logLevel: 'warn',
  plugins: [placesOfSources, knownData, runtimeModules],
  ssr: { noExternal: true, external: LEFT_OUT },
  build: {
    ssr: join(root, 'cli/program.ts'),
    outDir: folder,
    emptyOutDir: false,
    target: 'node26',
    // Names of classes and of functions stand in logs.
    minify: false,
    // A process that is running goes on with the files that it was started from.
    rolldownOptions: { output: { entryFileNames: '[name]-[hash].mjs', chunkFileNames: '[name]-[hash].mjs' } },
  },
})
const outputs = 'output' in built ? built.output : []
const entry = outputs.find((output) => 'isEntry' in output && output.isEntry)
if (entry === undefined) throw new Error('The program has no first module.')

const modules = outputs.flatMap((output) => ('modules' in output ? Object.keys(output.modules) : []))
const sources = modules
  .filter((id) => id.startsWith(root) && !id.startsWith(join(root, 'node_modules')))
  .map((id) => relative(root, id))
  .toSorted()
const madeMs = Date.now()
const changed = sources.find((path) => {
  const { mtimeMs } = statSync(join(root, path))
  // A time that is still to come is that of a wrong clock.
  return mtimeMs >= startedMs && mtimeMs <= madeMs
})
if (changed !== undefined)
  throw new Error(`${changed} was changed while the program was made: make it again.`)

// Written under another name first: whoever starts meanwhile finds the whole of one or of the other.
const unfinished = `${manifestFile(root)}.new`
writeFileSync(unfinished, manifestText(root, entry.fileName, [...sources, 'package-lock.json']))
renameSync(unfinished, manifestFile(root))
const current = new Set(outputs.map(({ fileName }) => fileName))
for (const name of readdirSync(folder)) {
  if (name.endsWith('.mjs') && !current.has(name)) rmSync(join(folder, name))
}
console.log(`the program of ${sources.length} sources: ${outputs.length} files`)
