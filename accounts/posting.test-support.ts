import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { accountingRecord } from '#contract/accounting-record.ts'
import { posting as postingShape, type MeterEvidence, type Posting } from '#contract/entry.ts'
import type { EnteredRecord } from '#store/port.ts'
import { accountMonthOf } from './account-month.ts'
import { accountPlan } from './accounting-plan.ts'
import { postingsOf } from './posting.ts'
import { resultOf } from './posting-result.ts'
import { testData } from './testing.test-support.ts'

export const { rules } = testData((path) => readFileSync(new URL(path, import.meta.url), 'utf8'))
export const march = accountMonthOf('2026-03', 'Asia/Shanghai')
export const plan = (sources: unknown[], over: Record<string, unknown> = {}) =>
  accountPlan.parse({
    account: 'steel',
    sector: 'industry',
    fuelSet: 'S1',
    electricityRegion: 'tianjin',
    sources: sources.map((source, index) => ({
      id: `source-${index + 1}`,
      name: { zh: '源', en: 'Source' },
      ...(typeof source === 'object' ? source : {}),
    })),
    ...over,
  })

export const meter = (energy: string | undefined, over: Partial<MeterEvidence> = {}): MeterEvidence => ({
  meter: 'incoming',
  quantity: 'activeEnergyImport.total',
  unit: 'kWh',
  share: '1',
  ...(energy === undefined ? {} : { energy }),
  fromMs: march.fromMs,
  toMs: march.toMs,
  slots: {
    expected: 2976,
    known: energy === undefined ? 0 : 2976,
    missing: energy === undefined ? 2976 : 0,
    undecided: 0,
  },
  byMethod: energy === undefined ? {} : { measured: energy },
  runs: energy === undefined ? [] : [[march.fromMs, 2976, 1]],
  digest: '0'.repeat(64),
  accuracy: { percent: '0.5', assumed: false },
  ...over,
})
export const gas = (energy: string): MeterEvidence =>
  meter(energy, { meter: 'gas', quantity: 'gasVolumeStandard', unit: 'm³' })

let number = 0
export const record = (body: Record<string, unknown>, replacedBy?: number): EnteredRecord => ({
  number: (number += 1),
  enteredAtMs: 0,
  replacedBy,
  record: accountingRecord.parse({
    account: 'steel',
    from: '2026-03-01',
    to: '2026-04-01',
    document: 'D',
    by: 'office',
    ...body,
  }),
})

/** The postings of March; each is held to its schema and to its own arithmetic. */
export function postings(
  account: ReturnType<typeof plan>,
  meters: Readonly<Record<string, readonly MeterEvidence[]>>,
  records: readonly EnteredRecord[] = [],
): Posting[] {
  const made = postingsOf(account, march, ({ id }) => meters[id] ?? [], records, rules)
  for (const each of made) {
    expect(postingShape.parse(each)).toEqual(each)
    expect(each).toMatchObject(
      Object.fromEntries(
        Object.entries(resultOf(each, rules.assumptions)).filter(([, value]) => value !== undefined),
      ),
    )
  }
  return made
}
