import { describe, expect, test } from 'vitest'
import { posting, type LedgerEntry } from '#contract/entry.ts'
import { monthNames } from '../account-month.ts'
import { stateOf } from '../account-state.ts'
import { groundOf, park, plan, readYaml, rows, type MissingSlots } from '../balance.test-support.ts'
import { monitoringRuleFile } from '../monitoring-checks.ts'
import { qualityRuleFile } from '../quality-statement.ts'
import { sayIn } from '../report-sheet.ts'
import { ledgerMonthsOf } from './ledger-months.ts'
import { MonthMemory } from './month-memory.ts'
import { monthsOver, type TargetGround } from './target-months.ts'
import { targetReport, targetReportSteps } from './target-report.ts'
import { targetSheets } from './target-sheets.ts'
import { targetStandings } from './target-standing.ts'
import { targetsView, targetsViewOf } from './target-view.ts'
import { targetFile } from './target.ts'

const file = targetFile.parse(readYaml('../firmware-config/examples/demo-park/targets.yaml'))
const nowMs = Temporal.Instant.from('2026-11-15T12:00:00+08:00').epochMilliseconds
const over = monthsOver(park, nowMs)
const monitoringRule = monitoringRuleFile.parse(readYaml('monitoring-rule.yaml'))
const qualityRule = qualityRuleFile.parse(readYaml('quality-rule.yaml'))

/** An account's ledger with ten tonnes of each source in each month, without those that a test leaves out. */
function ledgerOf(account: string, left: readonly string[] = []): LedgerEntry[] {
  const sources = plan.accounts.find((each) => each.account === account)?.sources ?? []
  return over
    .flatMap((month) => sources.map(({ id, kind }) => ({ month, id, kind })))
    .filter(({ month }) => !left.includes(month))
    .map(({ month, id, kind }, index) => ({
      account,
      number: index + 1,
      recordedAtMs: index + 1,
      version: 2,
      previous: '0'.repeat(64),
      hash: '0'.repeat(64),
      body: posting.parse({
        kind: 'posting',
        month,
        source: id,
        sourceKind: kind,
        scope: kind === 'fuel' ? '1' : '2',
        formula: 'activity',
        factors: [],
        tCo2: '10',
        completeness: '1',
        methods: {},
        evidence: { meters: [], records: [] },
      }),
    }))
}

function groundWith(
  over: {
    readonly left?: readonly string[]
    readonly missing?: MissingSlots
    readonly records?: TargetGround['records']
  } = {},
): TargetGround {
  return {
    ...groundOf(() => '1000', { records: over.records ?? [] }, over.missing),
    rows,
    qualityRule,
    monitoringRule,
    ledgerMonths: (account) =>
      ledgerMonthsOf(stateOf(account === 'steel' ? ledgerOf(account, over.left) : ledgerOf(account))),
  }
}

const nameOf = (id: string) => ({ zh: id, en: id })
const viewOf = (ground: TargetGround, account?: string) =>
  targetsViewOf(targetReport(ground, file, account, nowMs), park.description.name, nameOf)
const lineOf = (view: ReturnType<typeof viewOf>, id: string) => view.targets.find((each) => each.id === id)

describe('targets against ledgers and balance tables', () => {
  test('months that are over begin with the first meter', () => {
    expect(over).toEqual(monthNames('2025-01', '2026-10'))
  })

  test('standings for alarms are those of the report: pace of a total, limit of an intensity', () => {
    const ground = groundWith({ left: ['2026-03'] })
    const found = [...targetStandings(ground, file, nowMs)].flatMap((each) => each ?? [])
    const { lines } = targetReport(ground, file, undefined, nowMs)
    const expected = lines.flatMap(({ target, status }) => {
      const allowed = target.intensity === undefined ? status?.pace?.allowed.toFixed() : target.limit
      return status?.toDate === undefined || allowed === undefined
        ? []
        : { target: target.id, through: '2026-10', toDate: status.toDate.toFixed(), allowed }
    })
    expect(expected.length).toBeGreaterThan(2)
    expect(
      found.map(({ target, through, toDate, allowed }) => ({
        target: target.id,
        through,
        toDate: toDate.toFixed(),
        allowed: allowed.toFixed(),
      })),
    ).toEqual(expected)
  })

  test('in steps, with one reading and with what was kept of an earlier report, the report is the same', () => {
    const [whole, stepwise] = [groundWith(), { ...groundWith(), memory: new MonthMemory() }]
    const expected = targetReport(whole, file, undefined, nowMs)
    const inSteps = (ground: TargetGround) => {
      const steps = targetReportSteps(ground, file, undefined, nowMs)
      let count = 0
      for (let step = steps.next(); ; step = steps.next(), count += 1)
        if (step.done === true) return { report: step.value, count }
    }
    const first = inSteps(stepwise)
    expect(first.report).toEqual(expected)
    expect(first.count).toBeGreaterThan(over.length)
    const unread = {
      ...stepwise,
      measured: (): never => {
        throw new Error('a meter was read')
      },
    }
    expect(inSteps(unread).report).toEqual(expected)
    const forgotten = { ...unread, memory: stepwise.memory.without(new Set(['2026-03'])) }
    expect(() => inSteps(forgotten)).toThrow('a meter was read')
  })

  test('the park’s carbon is that of all ledgers, and a steady past gives a forecast without a band', () => {
    const view = viewOf(groundWith())
    const sources = plan.accounts.flatMap((account) => account.sources).length
    const status = lineOf(view, 'park-carbon-total')?.status
    expect(status).toMatchObject({ through: '2026-10', toDate: String(sources * 100), missing: [] })
    expect(status?.forecast?.expected).toBeCloseTo(sources * 120, 6)
    expect(status?.forecast?.tonnes.greatestError).toBeCloseTo(0, 9)
    expect(status?.left).toBe(String(15_800 - sources * 100))
    expect(targetsView.parse(view)).toEqual(view)
  })

  test('a month that one source lacks is no part of the figure to date, is named, and stops the forecast', () => {
    const view = viewOf(groundWith({ left: ['2026-03'] }))
    const park = lineOf(view, 'park-carbon-total')?.status
    expect(park).toMatchObject({ missing: ['2026-03'], forecast: null, grade: null })
    expect(park?.refusal).toEqual({ reason: 'month-missing', months: ['2026-03'] })
    expect(lineOf(view, 'steel-carbon-total')?.status?.toDate).toBe('90')
    // The year before is known in full: curves start from it.
    expect(view.curves[0]?.curve?.from).toMatchObject({ year: 2025, basis: 'accounts' })
  })

  test('energy is the total consumption of the balance table, and a meter that lacks slots makes no month whole', () => {
    const whole = lineOf(viewOf(groundWith()), 'park-energy-total')
    expect(whole?.months.every(({ complete }) => complete)).toBe(true)
    expect(whole?.status?.forecast).not.toBeNull()
    const broken = lineOf(viewOf(groundWith({ missing: { 'steel-drawing-line': 1 } })), 'park-energy-total')
    expect(broken?.months.some(({ complete }) => complete)).toBe(false)
    expect(broken?.status).toMatchObject({ toDate: null, forecast: null })
  })

  test('an intensity needs the output of each month, from records', () => {
    const without = lineOf(viewOf(groundWith()), 'steel-energy-per-tonne')
    expect(without?.status).toMatchObject({ toDate: null, left: null, forecast: null })
    const records = over.map((month, index) => ({
      number: index + 1,
      record: {
        kind: 'production' as const,
        account: 'steel',
        product: 'steel-tube',
        quantity: '100',
        unit: 't',
        from: `${month}-01`,
        to: Temporal.PlainYearMonth.from(month).add({ months: 1 }).toPlainDate({ day: 1 }).toString(),
        document: 'd',
        by: 'b',
      },
    }))
    const found = lineOf(viewOf(groundWith({ records })), 'steel-energy-per-tonne')
    const month = found?.months.at(-1)?.tonnes
    expect(Number(found?.status?.toDate)).toBeCloseTo(Number(month) / 100, 12)
    expect(found?.status?.forecast?.expected).toBeCloseTo(Number(month) / 100, 6)
    expect(found?.unit).toBe('tce/t')
  })

  test('an intensity per product that a meter counts: a month in which it lacks a slot has none', () => {
    const meter = park.meters.get('steel-straightening')
    if (meter === undefined) throw new Error('the demo park has it')
    const scale = { ...meter, id: 'scale', carrier: 'product', role: 'product-count' } as const
    const counting = (missing: MissingSlots) => {
      const ground = groundWith({ missing })
      return {
        ...ground,
        park: { ...park, meters: new Map(park.meters).set('scale', { ...scale, register: 'productMass' }) },
        plan: {
          ...plan,
          accounts: plan.accounts.map((account) => ({
            ...account,
            products: account.products.map((each) =>
              each.id === 'steel-tube' ? { ...each, meter: 'scale' } : each,
            ),
          })),
        },
      }
    }
    const found = lineOf(viewOf(counting({})), 'steel-energy-per-tonne')
    const month = found?.months.at(-1)?.tonnes
    // Every meter of this park measures 1,000 a month, the scale too.
    expect(Number(found?.status?.toDate)).toBeCloseTo(Number(month) / 1000, 12)
    const lacking = lineOf(viewOf(counting({ scale: 1 })), 'steel-energy-per-tonne')
    expect(lacking?.status).toMatchObject({ toDate: null, forecast: null })
    expect(lacking?.output?.at(-1)?.why).toBe('scale did not count all of the period')
    // What is entered for days that the scale counts is a conflict, and the target says which.
    const [first] = over.slice(-1)
    const to = Temporal.PlainYearMonth.from(first ?? '')
      .add({ months: 1 })
      .toPlainDate({ day: 1 })
      .toString()
    const said = {
      account: 'steel',
      product: 'steel-tube',
      quantity: '100',
      unit: 't',
      document: 'd',
      by: 'b',
    }
    const twice = {
      ...counting({}),
      records: [{ number: 1, record: { ...said, kind: 'production' as const, from: `${first}-01`, to } }],
    }
    const conflict = lineOf(viewOf(twice), 'steel-energy-per-tonne')?.output?.at(-1)
    expect(conflict).toMatchObject({ tonnes: null, complete: false, conflict: true })
    expect(conflict?.why).toMatch(
      /^scale counts steel-tube from .* on, and records state it for the same days$/,
    )
    const [, sheet] = targetSheets(targetReport(twice, file, undefined, nowMs), sayIn('en'), nameOf)
    expect(sheet?.rows.map((row) => row.at(-1))).toContainEqual(
      expect.stringContaining('counted by a meter and stated by records'),
    )
  })

  test('one account’s targets say nothing of others, and have no curve', () => {
    const view = viewOf(groundWith(), 'steel')
    expect(view.targets.map(({ account }) => account)).toEqual(['steel', 'steel'])
    expect(view.curves).toEqual([])
  })

  test('as sheets, with what is not known left blank', () => {
    const report = targetReport(groundWith({ left: ['2026-03'] }), file, undefined, nowMs)
    const [status, months, curves] = targetSheets(report, sayIn('en'), nameOf)
    const row = status?.rows.find(([id]) => id === 'park-carbon-total')
    expect(row?.[8]).toBeUndefined()
    expect(row?.at(-1)).toContain('months are missing: no forecast; missing: 2026-03; target unverified')
    expect(months?.rows.length).toBeGreaterThan(80)
    expect(curves?.rows[0]?.[1]).toBe('2025')
  })
})
