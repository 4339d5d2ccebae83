import { readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, type Plugin } from 'vite'
import { installationRoot as root, manifestFile, manifestText, programFolder } from '#cli/prepared-program.ts'

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

const startedMs = Date.now()
const built = await build({
  root,
  configFile: false,
  logLevel: 'warn',
  plugins: [placesOfSources],
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
const changed = sources.find((path) => statSync(join(root, path)).mtimeMs >= startedMs)
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
