import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Keeps compiled sources beside the packages, so that a start compiles nothing twice: half of the time that a process
 * needs to start. Inside the installation and not in the folder for temporary files, where another user of the machine
 * could put code for us to run. Where the folder cannot be written to, all is compiled at each start.
 */
export function keepCompiled(): void {
  enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)))
}
