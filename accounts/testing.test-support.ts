import { parse } from 'yaml'
import { energyItemFile } from './energy-item.ts'
import { factorLibrary } from './factor-library.ts'
import {
  electricityFile,
  fuelFile,
  heatFile,
  processFile,
  standardCoalFile,
  type FactorFiles,
} from './factor.ts'
import type { PostingRules } from './posting.ts'
import { uncertaintyFile } from './uncertainty.ts'

/** What is read from this folder by the caller, because this room touches no file. */
export function testData(textOf: (path: string) => string): {
  readonly factorFiles: FactorFiles
  readonly rules: PostingRules
} {
  const read = (path: string): unknown => parse(textOf(path))
  const factorFiles: FactorFiles = {
    standardCoal: standardCoalFile.parse(read('factors/standard-coal.yaml')),
    fuels: fuelFile.parse(read('factors/fuel-defaults.yaml')),
    electricity: electricityFile.parse(read('factors/electricity.yaml')),
    heat: heatFile.parse(read('factors/heat.yaml')),
    process: processFile.parse(read('factors/process.yaml')),
  }
  const rules: PostingRules = {
    library: factorLibrary(factorFiles),
    items: energyItemFile.parse(read('energy-items.yaml')).items,
    assumptions: uncertaintyFile.parse(read('uncertainty.yaml')),
  }
  return { factorFiles, rules }
}
