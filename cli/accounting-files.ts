import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accountingPlan, type AccountingPlan } from '#accounts/accounting-plan.ts'
import { balanceRowFile, balanceRows, type BalanceRows } from '#accounts/balance-row.ts'
import { energyItemFile, type EnergyItems } from '#accounts/energy-item.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import { monitoringRuleFile, type MonitoringRule } from '#accounts/monitoring-checks.ts'
import { planContradictions } from '#accounts/plan-check.ts'
import { unknownRows } from '#accounts/plan-rows.ts'
import { planTariffContradictions } from '#accounts/tariff/tariff-check.ts'
import { qualityRuleFile, type QualityRule } from '#accounts/quality-statement.ts'
import type { ReportGround } from '#accounts/report.ts'
import type { Park } from '#contract/park.ts'
import { InvalidFile, readData } from '#firmware-config/document.ts'
import { readTariffs } from './tariff-files.ts'

const energyItemsPath = fileURLToPath(new URL('../accounts/energy-items.yaml', import.meta.url))

/** Energy items of the statistical forms. Throws `file-unreadable` or `InvalidFile`. */
export function readEnergyItems(file = energyItemsPath): EnergyItems {
  return readData(energyItemFile, file).value.items
}

const balanceRowsPath = fileURLToPath(new URL('../accounts/balance-rows.yaml', import.meta.url))

/** Rows of the balance table. Throws `file-unreadable` or `InvalidFile`. */
export function readBalanceRows(file = balanceRowsPath): BalanceRows {
  return balanceRows(readData(balanceRowFile, file).value)
}

const qualityRulePath = fileURLToPath(new URL('../accounts/quality-rule.yaml', import.meta.url))

/** By which the data of an account is graded. Throws `file-unreadable` or `InvalidFile`. */
export function readQualityRule(file = qualityRulePath): QualityRule {
  return readData(qualityRuleFile, file).value
}

const monitoringRulePath = fileURLToPath(new URL('../accounts/monitoring-rule.yaml', import.meta.url))

/** What on-line monitoring asks of data. Throws `file-unreadable` or `InvalidFile`. */
export function readMonitoringRule(file = monitoringRulePath): MonitoringRule {
  return readData(monitoringRuleFile, file).value
}

/** What reports are made by and that is the same in every park. Throws `file-unreadable` or `InvalidFile`. */
export function readReportFiles(): Pick<ReportGround, 'items' | 'rows' | 'qualityRule' | 'monitoringRule'> {
  return {
    items: readEnergyItems(),
    rows: readBalanceRows(),
    qualityRule: readQualityRule(),
    monitoringRule: readMonitoringRule(),
  }
}

/** Where a park's accounting plan lies unless told otherwise: beside its park file; undefined where there is none. */
export function accountingPlanBeside(parkFile: string): string | undefined {
  const file = join(dirname(parkFile), 'accounting.yaml')
  return existsSync(file) ? file : undefined
}

/** Reads an accounting plan and holds it to park and factors. Throws `file-unreadable` or `InvalidFile`. */
export function readAccountingPlan(file: string, park: Park, factors: FactorFiles): AccountingPlan {
  const data = readData(accountingPlan, file)
  const findings = [
    ...planContradictions(data.value, park, readEnergyItems(), factors),
    ...unknownRows(data.value, readBalanceRows()),
    ...planTariffContradictions(data.value, readTariffs(file)),
  ]
  if (findings.length > 0) {
    throw new InvalidFile(
      file,
      findings.map(({ path, message }) => ({ place: data.placeOf(path), message })),
    )
  }
  return data.value
}
