import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of this installation. */
export const installationRoot = fileURLToPath(new URL('..', import.meta.url))

/**
 * A folder for what is kept to be quick, and can be made again at any time. It is inside the installation and not in the
 * folder for temporary files, where another user of the machine could put code for us to run.
 */
export const keptFolder = (root: string, what: 'compiled' | 'program' | 'sums'): string =>
  join(root, 'node_modules/.cache', what)
