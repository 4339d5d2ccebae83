import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { accountingPlan } from '#accounts/accounting-plan.ts'
import { loadRuleFile } from '#accounts/load/load-rule.ts'
import { contractedDemandFile } from '#accounts/tariff/contracted-demand.ts'
import { powerFactorFile } from '#accounts/tariff/power-factor.ts'
import { tariffFile } from '#accounts/tariff/tariff.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { knownInterval } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench } from '../server.test-support.ts'
import { electricityCostShape, loadShape } from './electricity-shapes.ts'
import { changePreview } from './factor-shapes.ts'

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
const tianjin = tariffFile.parse(read('../../accounts/tariffs/tianjin.yaml'))
const account = { sector: 'industry', fuelSet: 'S1', electricityRegion: 'tianjin' }
const source = {
  id: 'electricity',
  name: { zh: '电', en: 'Electricity' },
  kind: 'electricity-purchased',
  measured: [{ meter: 'forge-main' }],
}
const plan = accountingPlan.parse({
  park: 'binhai',
  revision: 'test',
  standardCoal: { edition: 'gb2589-2020' },
  accounts: [
    {
      ...account,
      account: 'forge',
      tariff: 'tianjin',
      demandContractKw: '8',
      powerFactorStandard: '0.9',
      sources: [source],
      prices: [
        {
          from: '2026-06-01',
          document: 'invented',
          confidence: 'unverified',
          energy: { by: 'multiplier', floatingCnyPerKwh: '0.5' },
          fundsCnyPerKwh: '0.1',
        },
      ],
    },
    { ...account, account: 'chemical', sources: [{ ...source, measured: [{ meter: 'chemical-main' }] }] },
  ],
})

let bench: ServerBench
beforeEach(async () => {
  bench = new ServerBench()
  bench.books.entered = [0, 1, 2].map((slot) =>
    knownInterval(
      'forge-main',
      'activeEnergyImport.total',
      dayStartMs + slot * SLOT_MS,
      slot * 100,
      slot === 1 ? 200 : 100,
    ),
  )
  await bench.start({
    electricity: {
      plan,
      tariffs: new Map([['tianjin', tianjin]]),
      powerFactors: powerFactorFile.parse(read('../../accounts/tariff/power-factor.yaml')),
      contractRule: contractedDemandFile.parse(read('../../accounts/tariff/contracted-demand.yaml')),
      loadRule: loadRuleFile.parse(read('../../accounts/load/load-rule.yaml')),
    },
  })
})
afterEach(() => bench.stop())

describe('electricity of an account', () => {
  test('its cost by period of the tariff, with the slots that are missing', async () => {
    const cost = electricityCostShape.parse(
      await bench.json('/api/v1/accounts/forge/electricity-cost?month=2026-06'),
    )
    // The day begins at midnight of 2 June; nothing was recorded on the first.
    expect(cost).toMatchObject({ kwh: '4', known: 3, tariff: { id: 'tianjin' }, powerFactor: null })
    const valley = cost.lines.find(({ period }) => period === 'valley')
    expect(valley).toMatchObject({
      kwh: '4',
      cnyPerKwh: '0.2',
      cny: '0.8',
      price: { confidence: 'unverified' },
    })
    expect(cost.demand).toMatchObject({ kw: '8', slotMs: dayStartMs + SLOT_MS })
    // The meter tells no reactive energy: what the power factor changes is not known, and neither is the total.
    expect(cost.total).toEqual({ cny: null, notAvailable: ['no-reactive-energy'] })
  })

  test('another price changes its cost, and one that it has not is refused', async () => {
    const path = '/api/v1/accounts/forge/cost-preview?year=2026'
    const { months, unit } = changePreview.parse(await bench.json(`${path}&part=floating&value=1`))
    expect(unit).toBe('CNY')
    // Twice the floating part, whose price in the valley is 0.2.
    expect(months.at(-1)).toMatchObject({
      month: '2026-06',
      incomplete: true,
      figures: [
        { what: 'energy', before: '0.8', after: '1.6' },
        { what: 'total', before: null, after: null },
      ],
    })
    expect((await fetch(`${bench.server.url}${path}&part=peak&value=1`)).status).toBe(400)
  })

  test('bill and load are files as well', async () => {
    const csv = await fetch(
      `${bench.server.url}/api/v1/accounts/forge/electricity-cost/file?month=2026-06&format=csv&language=en`,
    )
    expect(csv.headers.get('content-disposition')).toBe(
      'attachment; filename="electricity-cost-forge-2026-06.csv"',
    )
    const text = await csv.text()
    expect(text).toContain('Energy charge (CNY),0.80')
    expect(text).toContain('Power-factor adjustment (CNY),reactive energy is not known for all of the month')
    const load = await fetch(`${bench.server.url}/api/v1/accounts/forge/load/file?month=2026-06`)
    expect(load.headers.get('content-type')).toContain('spreadsheetml')
    expect(
      Buffer.from(await load.arrayBuffer())
        .subarray(0, 2)
        .toString(),
    ).toBe('PK')
  })

  test('its load figures, with their rules', async () => {
    const load = loadShape.parse(await bench.json('/api/v1/accounts/forge/load?month=2026-06'))
    // Three slots of the month tell what was used, and not what the load is like.
    expect(load).toMatchObject({ kwh: '4', contractUse: '1', notAvailable: 'too-few-slots' })
    expect([load.baseLoadKw, load.nightShare, load.loadFactor]).toEqual([null, null, null])
    expect(load.rules['baseLoad']?.en).toContain('5th percentile')
    expect(load.profile.at(-1)?.date).toBe('2026-06-02')
  })

  test('without a tariff there is no cost, without an account nothing, and a month is a month', async () => {
    const status = async (path: string): Promise<number> =>
      (await fetch(`${bench.server.url}/api/v1/accounts/${path}`)).status
    expect(await status('chemical/electricity-cost?month=2026-06')).toBe(404)
    expect(await status('chemical/load?month=2026-06')).toBe(200)
    expect(await status('nobody/load?month=2026-06')).toBe(404)
    expect(await status('forge/load?month=2026-13')).toBe(400)
  })
})
