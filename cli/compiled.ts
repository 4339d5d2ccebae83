import { enableCompileCache } from 'node:module'
import { installationRoot, keptFolder } from './installation.ts'

/** Compiled sources. */
export const compiledFolder = keptFolder(installationRoot, 'compiled')

/**
 * Keeps compiled sources, so that a start compiles nothing twice. Where the folder cannot be written to, all is
 * compiled at each start. What was loaded before this is called is not kept: a process that starts another one gives it
 * the folder as NODE_COMPILE_CACHE.
 */
export function keepCompiled(): void {
  enableCompileCache(compiledFolder)
}
