import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { factorLibrary } from '#accounts/factor-library.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { gradeRule, type GradeRule } from '#accounts/grade-rule.ts'
import { uncertaintyFile, type UncertaintyAssumptions } from '#accounts/uncertainty.ts'
import { readData } from '#firmware-config/document.ts'
import { readEnergyItems } from './accounting-files.ts'
import { factorFolder, readFactorFiles } from './factor-files.ts'

const accountsFolder = fileURLToPath(new URL('../accounts/', import.meta.url))
const gradeFolder = join(accountsFolder, 'grades')

/** Reads what is assumed of uncertainties. Throws `file-unreadable` or `InvalidFile`. */
export function readUncertainty(): UncertaintyAssumptions {
  return readData(uncertaintyFile, join(accountsFolder, 'uncertainty.yaml')).value
}

/** The grading rules that come with tanbiao. */
export function gradePaths(): string[] {
  return readdirSync(gradeFolder).map((name) => join(gradeFolder, name))
}

/** Reads a grading rule. Throws `file-unreadable` or `InvalidFile`. */
export function readGradeRule(file: string): GradeRule {
  return readData(gradeRule, file).value
}

/** What postings are computed by, out of the data files. Throws `file-unreadable` or `InvalidFile`. */
export function readPostingRules(factors = factorFolder): PostingRules {
  return {
    library: factorLibrary(readFactorFiles(factors)),
    items: readEnergyItems(),
    assumptions: readUncertainty(),
  }
}
