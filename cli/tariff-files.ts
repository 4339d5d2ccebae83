import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadRuleFile, type LoadRule } from '#accounts/load/load-rule.ts'
import { contractedDemandFile, type ContractedDemandRule } from '#accounts/tariff/contracted-demand.ts'
import { powerFactorFile, type PowerFactorTable } from '#accounts/tariff/power-factor.ts'
import { tariffContradictions } from '#accounts/tariff/tariff-check.ts'
import { tariffFile, type Tariff } from '#accounts/tariff/tariff.ts'
import { InvalidFile, readData } from '#firmware-config/document.ts'

/** The folder of the tariffs that come with tanbiao. */
const tariffFolder = fileURLToPath(new URL('../accounts/tariffs/', import.meta.url))
const powerFactorPath = fileURLToPath(new URL('../accounts/tariff/power-factor.yaml', import.meta.url))
const contractedDemandPath = fileURLToPath(
  new URL('../accounts/tariff/contracted-demand.yaml', import.meta.url),
)
const loadRulePath = fileURLToPath(new URL('../accounts/load/load-rule.yaml', import.meta.url))

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .toSorted()
        .map((name) => join(folder, name))
    : []

/** Tariff files: those of tanbiao, and those in `tariffs/` beside a file of the park. */
export function tariffPaths(beside?: string): string[] {
  return [
    ...filesIn(tariffFolder),
    ...(beside === undefined ? [] : filesIn(join(dirname(beside), 'tariffs'))),
  ]
}

/** Reads a tariff and holds it to its rules. Throws `file-unreadable` or `InvalidFile`. */
export function readTariff(file: string): Tariff {
  const data = readData(tariffFile, file)
  const findings = tariffContradictions(data.value)
  if (findings.length > 0) {
    throw new InvalidFile(
      file,
      findings.map(({ path, message }) => ({ place: data.placeOf(path), message })),
    )
  }
  return data.value
}

/** All tariffs of an installation by id; one beside the park file comes before tanbiao's own of the same id. */
export function readTariffs(beside?: string): ReadonlyMap<string, Tariff> {
  return new Map(
    tariffPaths(beside)
      .map(readTariff)
      .map((tariff) => [tariff.id, tariff]),
  )
}

/** The adjustments by power factor. Throws `file-unreadable` or `InvalidFile`. */
export function readPowerFactors(): PowerFactorTable {
  return readData(powerFactorFile, powerFactorPath).value
}

/** What a contracted demand costs. Throws `file-unreadable` or `InvalidFile`. */
export function readContractedDemand(): ContractedDemandRule {
  return readData(contractedDemandFile, contractedDemandPath).value
}

/** What it takes to say what a load is like. Throws `file-unreadable` or `InvalidFile`. */
export function readLoadRule(): LoadRule {
  return readData(loadRuleFile, loadRulePath).value
}
