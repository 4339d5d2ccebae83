import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { accountingPlan, type AccountingPlan } from '#accounts/accounting-plan.ts'
import { indexPark, type Park } from '#contract/park.ts'
import { generatePark } from '#simulators/generated-park.ts'
import { readScenario } from '#simulators/scenario.ts'

/** A large park of benchmarks, and a plan with an account of each enterprise. */

const scenarioFile = fileURLToPath(new URL('../simulators/scenarios/forty-enterprises.yaml', import.meta.url))

/** A generated park of so many meters: enterprises are added until there are enough. */
export function parkOf(meters: number): Park {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-balance-'))
  try {
    const file = join(folder, 'scenario.yaml')
    for (let enterprises = 40; ; enterprises += 10) {
      writeFileSync(
        file,
        readFileSync(scenarioFile, 'utf8').replace('enterprises: 40', `enterprises: ${enterprises}`),
      )
      const park = indexPark(generatePark(readScenario(file).value, undefined).park)
      if (park.meters.size >= meters) return park
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Values of it are made up. */
export function planOf(park: Park): AccountingPlan {
  const { description } = park
  return accountingPlan.parse({
    park: description.id,
    revision: 'bench',
    standardCoal: {
      edition: 'gb2589-2008',
      subjects: { naturalGas: 'naturalGas.oilField' },
      electricityEqual: [{ year: 2026, kgcePerKwh: '0.3', document: 'made up', confidence: 'unverified' }],
    },
    steam: [...park.meters.values()]
      .filter(({ carrier }) => carrier === 'steam')
      .map(({ id }) => ({ meters: [id], state: { enthalpyKjPerKg: '2773', document: 'made up' } })),
    accounts: [description, ...description.enterprises].map(({ id }) => ({
      account: id,
      sector: 'industry',
      fuelSet: 'S1',
      electricityRegion: 'tianjin',
    })),
  })
}
