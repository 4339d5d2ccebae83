import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { factorContradictions } from '#accounts/factor-check.ts'
import {
  electricityFile,
  fuelFile,
  heatFile,
  processFile,
  standardCoalFile,
  type FactorFiles,
} from '#accounts/factor.ts'
import { InvalidFile, readData, type Finding } from '#firmware-config/document.ts'

/** The folder of the factors that come with tanbiao. */
export const factorFolder = fileURLToPath(new URL('../accounts/factors/', import.meta.url))

const names = {
  standardCoal: 'standard-coal.yaml',
  fuels: 'fuel-defaults.yaml',
  electricity: 'electricity.yaml',
  heat: 'heat.yaml',
  process: 'process.yaml',
} as const satisfies Record<keyof FactorFiles, string>

/** The factor files of a folder. */
export const factorPaths = (folder: string): string[] =>
  Object.values(names).map((name) => join(folder, name))

/** Reads the factor files of a folder. Throws `file-unreadable` or `InvalidFile` with every fault and its place. */
export function readFactorFiles(folder = factorFolder): FactorFiles {
  const data = {
    standardCoal: readData(standardCoalFile, join(folder, names.standardCoal)),
    fuels: readData(fuelFile, join(folder, names.fuels)),
    electricity: readData(electricityFile, join(folder, names.electricity)),
    heat: readData(heatFile, join(folder, names.heat)),
    process: readData(processFile, join(folder, names.process)),
  }
  const files: FactorFiles = {
    standardCoal: data.standardCoal.value,
    fuels: data.fuels.value,
    electricity: data.electricity.value,
    heat: data.heat.value,
    process: data.process.value,
  }
  const findings = factorContradictions(files).map(({ file, path, message }): Finding => ({
    place: data[file].placeOf(path),
    message,
  }))
  if (findings.length > 0) throw new InvalidFile(folder, findings)
  return files
}
