import { describe, expect, test } from 'vitest'
import { groundOf, park, plan, readYaml, rows } from '../balance.test-support.ts'
import { parkBalance } from '../balance.ts'
import { decimal, textOf } from '../decimal.ts'
import { monitoringRuleFile } from '../monitoring-checks.ts'
import { qualityRuleFile } from '../quality-statement.ts'
import { reportPeriod } from '../report-period.ts'
import type { ReportGround } from '../report.ts'
import { renewableMonth } from './renewable-months.ts'

type Records = ReportGround['records']

const monitoringRule = monitoringRuleFile.parse(readYaml('monitoring-rule.yaml'))
const qualityRule = qualityRuleFile.parse(readYaml('quality-rule.yaml'))
const common = { account: 'steel', document: 'd', by: 'b' } as const
const certificate = (over: object = {}): Records[number] => ({
  number: 1,
  record: {
    ...common,
    kind: 'green-certificate',
    certificate: 'C-1',
    vintage: '2026',
    kwh: '100000',
    from: '2026-03-01',
    to: '2026-04-01',
    cancelledOn: '2026-04-02',
    ...over,
  },
})

function tonnes(account: string, month: string, records: Records = [], missing: Record<string, number> = {}) {
  const ground = { ...groundOf(() => '1000', { records }, missing), rows, qualityRule, monitoringRule }
  const balance = parkBalance(ground, reportPeriod(month, park.description.timeZone))
  const found = renewableMonth(ground, balance, account, month, 'calorific')
  return found === undefined ? undefined : textOf(found)
}

describe('Renewable electricity of a month', () => {
  test('is what the account makes of sun and wind, in tce', () => {
    expect(plan.park).toBe('demo-park')
    // 1,000 kWh of the roof at 0.1229 kgce/kWh.
    expect(tonnes('demo-park', '2026-03')).toBe('0.1229')
    expect(tonnes('steel', '2026-03')).toBe('0')
  })

  test('and what cancelled certificates and direct supply name, shared out by days', () => {
    expect(tonnes('steel', '2026-03', [certificate()])).toBe('12.29')
    expect(tonnes('demo-park', '2026-03', [certificate()])).toBe('12.4129')
    // A certificate that can still be sold is none that was used.
    expect(tonnes('steel', '2026-03', [certificate({ cancelledOn: undefined })])).toBe('0')
    // One of another year covers only as far as the plan says: here not at all.
    expect(tonnes('steel', '2026-03', [certificate({ vintage: '2025' })])).toBe('0')
    expect(tonnes('steel', '2026-03', [certificate({ vintage: '2026-04' })])).toBe('0')
    expect(tonnes('demo-park', '2026-03', [certificate({ vintage: '2025-12' })])).toBe('0.1229')
    const twoMonths = certificate({ to: '2026-05-01', kwh: '61000' })
    expect(tonnes('steel', '2026-03', [twoMonths])).toBe(textOf(decimal('31').times(decimal('0.1229'))))
  })

  test('is not known where the meter of the roof lacks slots, or before there was a meter', () => {
    expect(tonnes('demo-park', '2026-03', [], { 'park-pv': 1 })).toBeUndefined()
    expect(tonnes('demo-park', '2024-12')).toBeUndefined()
  })
})
