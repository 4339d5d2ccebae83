import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { stateOf } from '#accounts/account-state.ts'
import { decimal, presented, textOf } from '#accounts/decimal.ts'
import { statementOfAccount, type StatementOfAccount } from '#accounts/positions.ts'
import { contractedDemand } from '#accounts/tariff/contracted-demand.ts'
import { at, planWith, PostingBench } from './posting.test-support.ts'
import { readRecordFile } from './record-text.ts'
import { readContractedDemand } from './tariff-files.ts'

/** The worked example of docs/accounts.md as it stands there: its plan and its records, posted, to the digits printed. */
const guide = readFileSync(new URL('../docs/accounts.md', import.meta.url), 'utf8')

/** A block of the guide that holds a text. */
function blockWith(text: string): string {
  const found = [...guide.matchAll(/```\w*\n([\s\S]*?)```/g)].find(([, block]) => block?.includes(text))?.[1]
  if (found === undefined) throw new RangeError(`the guide has no block with ${text}`)
  return found
}

const sourcesBlock = z.strictObject({
  sources: z.array(z.record(z.string(), z.unknown())),
  ownFactors: z.array(z.record(z.string(), z.unknown())),
})
const PURCHASE = {
  id: 'electricity',
  name: { zh: '电', en: 'Electricity' },
  kind: 'electricity-purchased',
  item: 'electricity',
  measured: [{ meter: 'steel-incoming' }],
}

let bench: PostingBench
let statement: StatementOfAccount

beforeAll(async () => {
  bench = new PostingBench()
  const { books, clock } = bench
  clock.advance(at('2026-11-10T00:00') - clock.wallMs())
  const { sources, ownFactors } = sourcesBlock.parse(parse(blockWith('ownFactors:')))
  const [steel] = planWith({ sources: [PURCHASE, ...sources], ownFactors }).accounts
  if (steel === undefined) throw new RangeError('the plan has an account')
  // 2,880 slots of 100 kWh.
  bench.fill('steel-incoming', { fromMs: at('2026-09-01T00:00'), toMs: at('2026-10-01T00:00') }, 10_000)
  const file = join(bench.folder, 'records.csv')
  writeFileSync(file, blockWith('green-certificate,'))
  books.enterRecords(
    readRecordFile(file).map(({ record }) => record),
    clock.wallMs(),
  )
  await bench.post({ ...planWith(), accounts: [steel] })
  statement = statementOfAccount(stateOf(books.ledger('steel')), ['2026-09'])
})
afterAll(() => bench.remove())

const lineOf = (source: string) => {
  const posting = statement.lines.find((line) => line.source === source)?.posting
  if (posting === undefined) throw new RangeError(`no posting of ${source}`)
  return posting
}

describe('The worked example of the guide', () => {
  test.each([
    ['limestone', '1', '43.97', '100 t × 0.4397 = 43.97 t'],
    ['coal', '1', '120.51963', '(50 + 40 − 30) t × 22.5 GJ/t × 0.02618 tC/GJ × 0.93 × 44/12 = 120.51963 t'],
    ['heat-bought', '2', '22', 'heat 200 GJ × 0.11 = 22 t'],
    ['power-sold', '2', '-0.7041', '−1,000 kWh × 0.7041 = −0.7041 t'],
    ['wood', 'biomass', '15', 'wood 15 t'],
    ['commuting', '3', '3.5', 'commuting 3.5 t'],
  ])('%s', (source, scope, tonnes, printed) => {
    expect(guide).toContain(printed)
    const { tCo2, scope: posted } = lineOf(source)
    // A product of thirds is rounded at the twentieth decimal, and printed as the guide prints it.
    expect(presented(decimal(tCo2 ?? '0'), (tonnes.split('.')[1] ?? '').length)).toBe(tonnes)
    expect(posted).toBe(scope)
  })

  test('by market the covered kilowatt-hours are nothing, and the rest is without traded non-fossil power', () => {
    expect(guide).toContain('70,000 kWh of what is not sold on count as nothing')
    // (288,000 − 70,000) kWh × 0.6096 kg, the residual factor of 2023.
    expect(lineOf('electricity')).toMatchObject({ tCo2: '202.7808', tCo2MarketBased: '132.8928' })
    expect(lineOf('power-sold')).toMatchObject({ tCo2MarketBased: '-0.6096' })
  })

  test('the total is of scopes 1 and 2 alone', () => {
    const { total, totalMarketBased, byScope } = statement.totals
    expect(textOf(decimal(byScope['1'] ?? '0'))).toBe('164.48963')
    expect(textOf(decimal(byScope['2'] ?? '0'))).toBe('224.0767')
    expect(textOf(decimal(total ?? '0'))).toBe('388.56633')
    expect(textOf(decimal(totalMarketBased ?? '0'))).toBe('318.77283')
    expect(statement.incomplete).toEqual([])
  })
})

test('the contracted demand of the guide costs what it prints', () => {
  expect(guide).toContain('(1,500 + 2 × (1,700 − 1,575)) × 38 = 66,500 CNY')
  const { chargedKw } = contractedDemand(decimal('1500'), decimal('1700'), readContractedDemand())
  expect(textOf(chargedKw.times(decimal('38')))).toBe('66500')
})

test('the coefficients of the guide’s baseline are its loads in standard coal', () => {
  expect(guide).toContain('12.3 tce, 0.098 tce/t and 0.0074 tce/(°C·d) (× 0.1229 kgce/kWh)')
  const tce = (kwh: string, decimals: number): string =>
    presented(decimal(kwh).times(decimal('0.0001229')), decimals)
  expect([tce('100000', 1), tce('800', 3), tce('60', 4)]).toEqual(['12.3', '0.098', '0.0074'])
})
