import { afterAll, beforeAll, expect, test } from 'vitest'
import { march, planWith, PostingBench, slotOf, smallPark } from '#cli/posting.test-support.ts'
import { slotsBetween } from '#contract/grid.ts'
import type { QuantityName } from '#contract/quantities.ts'
import { accountCost } from './account-electricity.ts'
import { readYaml } from './balance.test-support.ts'
import { textOf } from './decimal.ts'
import { loadRuleFile } from './load/load-rule.ts'
import { contractedDemandFile } from './tariff/contracted-demand.ts'
import { powerFactorFile } from './tariff/power-factor.ts'
import { tariffFile } from './tariff/tariff.ts'

const tariff = tariffFile.parse(readYaml('tariffs/tianjin.yaml'))
const powerFactors = powerFactorFile.parse(readYaml('tariff/power-factor.yaml'))
const contractRule = contractedDemandFile.parse(readYaml('tariff/contracted-demand.yaml'))
const loadRule = loadRuleFile.parse(readYaml('load/load-rule.yaml'))
const plan = planWith({
  tariff: 'tianjin',
  powerFactorStandard: '0.9',
  prices: [
    {
      from: '2025-10-01',
      document: 'invented',
      confidence: 'unverified',
      energy: { by: 'period', cnyPerKwh: { sharp: '1', peak: '1', flat: '1', valley: '1' } },
      fundsCnyPerKwh: '0.1',
    },
  ],
})

let bench: PostingBench
beforeAll(() => {
  bench = new PostingBench()
  const fill = (meter: string, quantity: QuantityName, count: number): void => {
    const slots = [...slotsBetween(march.fromMs, march.toMs)].map((slotMs) => ({
      ...slotOf(meter, slotMs, count),
      quantity,
    }))
    bench.books.record({ meter, fromMs: 1, toMs: 0 }, slots, bench.clock.wallMs())
  }
  // 10 kWh a slot; 6.5 kvarh taken and 1 given back, which counts like what is taken.
  fill('steel-incoming', 'activeEnergyImport.total', 1_000)
  fill('steel-incoming', 'reactiveEnergyImport.total', 650)
  fill('steel-incoming', 'reactiveEnergyExport.total', 100)
  fill('food-incoming', 'activeEnergyImport.total', 1_000)
})
afterAll(() => bench.remove())

const costOf = (account: string) =>
  accountCost(
    {
      park: smallPark,
      plan,
      tariffs: new Map([['tianjin', tariff]]),
      powerFactors,
      contractRule,
      loadRule,
      books: bench.books,
      nowMs: bench.clock.wallMs(),
    },
    account,
    march,
  ).cost

test('a bill is adjusted by the power factor that the month’s reactive intervals give', () => {
  const { powerFactor, adjustment, energyCharge, powerFactorCharge, total } = costOf('steel')
  // 10 and 7.5: 0.8, ten hundredths below the standard of 0.9, 0.5 % each.
  expect(powerFactor === undefined ? '' : textOf(powerFactor)).toBe('0.8')
  expect(adjustment === undefined ? '' : textOf(adjustment.percent)).toBe('5')
  const cny = (charge: typeof total | undefined): string =>
    charge?.state === 'known' ? textOf(charge.cny) : 'not available'
  // 29,760 kWh at 1 yuan, of which 0.1 are funds that the adjustment leaves out.
  expect([cny(energyCharge), cny(powerFactorCharge), cny(total)]).toEqual(['29760', '1339.2', '31099.2'])
})

test('without reactive intervals there is neither an adjustment nor a total', () => {
  const { powerFactor, powerFactorCharge, energyCharge, total } = costOf('food')
  expect(powerFactor).toBeUndefined()
  expect(energyCharge.state).toBe('known')
  expect([powerFactorCharge, total]).toEqual([
    { state: 'not-available', why: ['no-reactive-energy'] },
    { state: 'not-available', why: ['no-reactive-energy'] },
  ])
})
