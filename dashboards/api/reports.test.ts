import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { balanceView } from '#accounts/balance-view.ts'
import { statisticsView, qualityView } from '#accounts/report-views.ts'
import { readReportFiles } from '#cli/accounting-files.ts'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { ServerBench } from '../server.test-support.ts'

let posting: PostingBench
let bench: ServerBench

beforeAll(async () => {
  posting = new PostingBench()
  posting.fill('steel-incoming', march)
  posting.fill('food-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS }, 500)
  bench = new ServerBench()
  const { books, rules, clock } = posting
  await bench.start({
    park: smallPark,
    clock,
    reports: { ...readReportFiles(), library: rules.library, plan: planWith(), books },
  })
})
afterAll(async () => {
  await bench.stop()
  posting.remove()
})

const get = (path: string): Promise<unknown> => bench.json(`/api/v1${path}`)
const SLOTS_OF_MARCH = 31 * 96

describe('reports by HTTP', () => {
  test('the balance table of an account: every row of the form, cells with what they are made of', async () => {
    const view = balanceView.parse(await get('/accounts/steel/reports/balance?period=2026-03'))
    const row = (id: string) => view.rows.find((each) => each.id === id)
    expect(view).toMatchObject({
      account: { zh: 'steel' },
      period: { from: '2026-03-01', to: '2026-04-01' },
      closures: { electricity: { difference: '0', verdict: 'closes' } },
    })
    expect(row('inflow')?.cells['electricity']).toMatchObject({
      amount: String(SLOTS_OF_MARCH * 10),
      incomplete: false,
      parts: [{ meter: 'steel-incoming', slots: { expected: SLOTS_OF_MARCH, known: SLOTS_OF_MARCH } }],
    })
    expect(row('outflow')).toMatchObject({ sign: '-', cells: {} })
    expect(JSON.stringify(view)).not.toContain('food')
  })

  test('of the whole park by month, quarter and year; what is missing is said and not counted as zero', async () => {
    const inflow = async (period: string): Promise<unknown> => {
      const { rows } = balanceView.parse(await get(`/reports/balance?period=${period}`))
      return rows.find(({ id }) => id === 'inflow')?.cells['electricity']
    }
    const known = String(SLOTS_OF_MARCH * 10 + 4 * 5)
    expect(await inflow('2026-03')).toMatchObject({ amount: known, incomplete: true })
    expect(await inflow('2026-Q1')).toMatchObject({ amount: known, incomplete: true })
    expect(await inflow('2026')).toMatchObject({ amount: known, incomplete: true })
    expect(await inflow('2025')).toBeUndefined()
  })

  test('statistics and the data-quality statement', async () => {
    const { lines } = statisticsView.parse(await get('/reports/statistics?period=2026-03'))
    expect(lines.map(({ path, now }) => [path.join('/'), now.amount, now.incomplete])).toEqual([
      ['steel', '29760', false],
      ['food', '20', true],
    ])
    const quality = qualityView.parse(await get('/accounts/food/reports/quality?period=2026-03'))
    expect(quality).toMatchObject({ completeness: 4 / SLOTS_OF_MARCH, meters: [{ meter: 'food-incoming' }] })
  })

  test('as spreadsheets in both languages', async () => {
    const file = async (query: string): Promise<Response> =>
      fetch(`${bench.server.url}/api/v1/accounts/steel/reports/balance/file?period=2026-03${query}`)
    const csv = await file('&format=csv&language=en')
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="balance-steel-2026-03.csv"')
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await csv.arrayBuffer())
    expect(text).toMatch(/^\u{FEFF}"Energy balance table, physical quantities"\r\n/u)
    const xlsx = await file('')
    expect(xlsx.headers.get('content-type')).toContain('spreadsheetml')
    // A ZIP archive begins with its signature.
    expect(
      Buffer.from(await xlsx.arrayBuffer())
        .subarray(0, 2)
        .toString(),
    ).toBe('PK')
  })

  test('refuses periods and accounts that are none, and says where', async () => {
    const refusal = z.object({ code: z.string(), message: z.string() })
    const refused = async (path: string): Promise<string> => {
      const { code, message } = refusal.parse(await get(path))
      return `${code} ${message}`
    }
    expect(await refused('/reports/balance?period=2026-13')).toBe(
      'request-invalid /period: "2026-13" is no month, quarter, year or stretch of days.',
    )
    expect(await refused('/reports/balance?period=2026-03-02..2026-03-01')).toContain('/period: "2026-03-02')
    expect(await refused('/reports/balance?period=1000-01-01..2026-03-01')).toContain('732 days at most')
    expect(await refused('/reports/balance?period=9999')).toContain('outside of the calendar')
    expect(await refused('/reports/balance?period=0000')).toContain('outside of the calendar')
    expect(await refused('/reports/balance?period=20260301[u-ca=roc]..20260314')).toContain('is no month')
    expect(await refused('/reports/balance')).toContain('/period')
    expect(await refused('/reports/quality/file?period=2026-03&format=doc')).toContain('/format')
    // This server was started without a font.
    expect(await refused('/reports/quality/file?period=2026-03&format=pdf')).toContain('font-missing')
    expect(await refused('/accounts/none/reports/balance?period=2026-03')).toContain('not-found')
    // The park itself has no account in this plan, so there are no forms of it.
    expect(await refused('/accounts/park/reports/forms?period=2026-03')).toContain('Forms are of one account')
  })
})
