import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { indexPark, parkDescription } from '#contract/park.ts'
import { accountingPlan } from './accounting-plan.ts'
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

/** The data files of this room, and the demo park with its plan, for tests. */

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const demo = '../firmware-config/examples/demo-park/'

export const factorFiles: FactorFiles = {
  standardCoal: standardCoalFile.parse(read('factors/standard-coal.yaml')),
  fuels: fuelFile.parse(read('factors/fuel-defaults.yaml')),
  electricity: electricityFile.parse(read('factors/electricity.yaml')),
  heat: heatFile.parse(read('factors/heat.yaml')),
  process: processFile.parse(read('factors/process.yaml')),
}

/** Rules by these factor files, or by others. */
export function rulesBy(files: FactorFiles): PostingRules {
  return {
    library: factorLibrary(files),
    items: energyItemFile.parse(read('energy-items.yaml')).items,
    assumptions: uncertaintyFile.parse(read('uncertainty.yaml')),
  }
}

export const rules = rulesBy(factorFiles)
export const demoPark = indexPark(parkDescription.parse(read(`${demo}park.yaml`)))
export const demoPlan = accountingPlan.parse(read(`${demo}accounting.yaml`))
