import { fileURLToPath } from 'node:url'
import { factorLibrary } from '#accounts/factor-library.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { uncertaintyFile } from '#accounts/uncertainty.ts'
import { readData } from '#firmware-config/document.ts'
import { readEnergyItems } from './accounting-files.ts'
import { factorFolder, readFactorFiles } from './factor-files.ts'

const uncertaintyPath = fileURLToPath(new URL('../accounts/uncertainty.yaml', import.meta.url))

/** What postings are computed by, out of the data files. Throws `file-unreadable` or `InvalidFile`. */
export function readPostingRules(factors = factorFolder): PostingRules {
  return {
    library: factorLibrary(readFactorFiles(factors)),
    items: readEnergyItems(),
    assumptions: readData(uncertaintyFile, uncertaintyPath).value,
  }
}
