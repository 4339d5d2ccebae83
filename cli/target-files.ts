import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { targetContradictions } from '#accounts/targets/target-check.ts'
import { deductionFile, targetFile, type DeductionRules, type TargetFile } from '#accounts/targets/target.ts'
import { InvalidFile, readData } from '#firmware-config/document.ts'

const deductionPath = fileURLToPath(new URL('../accounts/targets/deductions.yaml', import.meta.url))

/** What control targets leave out. Throws `file-unreadable` or `InvalidFile`. */
export function readDeductionRules(): DeductionRules {
  return readData(deductionFile, deductionPath).value.rules
}

/** Where a park's targets lie: beside its accounting plan; undefined where there are none. */
export function targetsBeside(planFile: string): string | undefined {
  const file = join(dirname(planFile), 'targets.yaml')
  return existsSync(file) ? file : undefined
}

/** Reads targets and holds them to the accounting plan. Throws `file-unreadable` or `InvalidFile`. */
export function readTargets(file: string, plan: AccountingPlan): TargetFile {
  const data = readData(targetFile, file)
  const findings = targetContradictions(data.value, plan, readDeductionRules())
  if (findings.length > 0) {
    throw new InvalidFile(
      file,
      findings.map(({ path, message }) => ({ place: data.placeOf(path), message })),
    )
  }
  return data.value
}
