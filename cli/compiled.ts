import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Compiled sources, beside the packages. Inside the installation and not in the folder for temporary files, where
 * another user of the machine could put code for us to run.
 */
export const compiledFolder = fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url))

/**
 * Keeps compiled sources, so that a start compiles nothing twice. Where the folder cannot be written to, all is
 * compiled at each start. What was loaded before this is called is not kept: a process that starts another one gives it
 * the folder as NODE_COMPILE_CACHE.
 */
export function keepCompiled(): void {
  enableCompileCache(compiledFolder)
}
