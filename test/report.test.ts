import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { balanceView } from '#accounts/balance-view.ts'
import { formsView, qualityView, statisticsView } from '#accounts/report-views.ts'
import { reportPeriod } from '#accounts/report-period.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { writeBooks } from './support/metered-books.ts'
import { describeWith, serverPath } from './support/servers.ts'

const run = promisify(execFile)
const command = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))
const parkFile = fileURLToPath(new URL('../firmware-config/examples/demo-park/park.yaml', import.meta.url))
const park = readParkFile(parkFile)
const folder = mkdtempSync(join(tmpdir(), 'tanbiao-report-'))

/** kWh, m³, t, GJ of a quarter-hour in hundredths; the compressors are not read at all. */
const energies: Readonly<Record<string, number>> = { 'steel-incoming': 1_000, 'steel-drawing-line': 600 }
const day = reportPeriod('2026-03-01..2026-03-01', 'Asia/Shanghai')

beforeAll(() => {
  writeBooks(join(folder, 'books.sqlite'), park, day, ({ id }) =>
    id === 'steel-compressors' ? undefined : (energies[id] ?? 100),
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const where = ['--park', parkFile, '--data', folder, '--from', '2026-03-01', '--to', '2026-03-01']
const report = async (kind: string, ...args: readonly string[]): Promise<string> =>
  (await run(process.execPath, [command, 'report', kind, ...where, ...args])).stdout

/** What openpyxl, a library that is not ours, reads in a workbook. */
const readWorkbook = `
import json, sys, openpyxl
book = openpyxl.load_workbook(sys.argv[1])
print(json.dumps({sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}))
`
const workbook = z.record(z.string(), z.array(z.array(z.union([z.string(), z.number(), z.null()]))))
async function sheetsOf(file: string): Promise<z.output<typeof workbook>> {
  const { stdout } = await run(serverPath('openpyxl'), ['-c', readWorkbook, file])
  return workbook.parse(JSON.parse(stdout))
}

describeWith(['openpyxl'], 'The energy balance table on the command line', () => {
  test('is one and the same as JSON, text, CSV and XLSX', async () => {
    const steel = ['--enterprise', 'steel']
    const view = balanceView.parse(JSON.parse(await report('balance', ...steel, '--format', 'json')))
    const row = (id: string) => view.rows.find((each) => each.id === id)?.cells['electricity']
    expect(row('received-inside')).toMatchObject({ amount: '960', calorific: '0.117984', incomplete: false })
    // 576 kWh of drawing and 96 of each of three others; of the compressors nothing is known.
    expect(row('industry')).toMatchObject({ amount: '864', incomplete: true })
    expect(row('industry')?.parts.find(({ meter }) => meter === 'steel-compressors')).toMatchObject({
      amount: null,
      slots: { expected: 96, known: 0, missing: 96 },
    })
    expect(view.closures['electricity']).toMatchObject({ verdict: 'incomplete' })

    const text = await report('balance', ...steel)
    expect(text).toContain('能源平衡表（实物量）')
    expect(text).toMatch(/园区内转入量\s+0\.10/)
    expect(text).toMatch(/工业\s+0\.09\*/)

    const csv = join(folder, 'balance.csv')
    await report('balance', ...steel, '--format', 'csv', '--language', 'en', '--out', csv)
    expect(readFileSync(csv, 'utf8')).toMatch(/^\u{FEFF}"Energy balance table, physical quantities"\r\n/u)

    const file = join(folder, 'balance.xlsx')
    await report('balance', ...steel, '--format', 'xlsx', '--out', file)
    const sheets = await sheetsOf(file)
    expect(Object.keys(sheets)).toEqual(['实物量', '标准量', '构成', '综合能耗'])
    const inCoal = sheets['标准量']?.find(([name]) => String(name).trim() === '园区内转入量')
    expect(inCoal?.slice(1)).toEqual([0.12, 0.29, 0.12, 0.29])
    const parts = sheets['构成']?.find((cells) => cells.includes('steel-compressors'))
    expect(parts).toContain('缺')
  })

  test('statistics, forms and quality come the same way', async () => {
    const json = async (kind: string): Promise<unknown> =>
      JSON.parse(await report(kind, '--enterprise', 'food', '--format', 'json'))
    const { lines } = statisticsView.parse(await json('statistics'))
    expect(lines.find(({ path }) => path.at(-1) === 'food-boiler')?.now.amount).toBe('96')
    const forms = formsView.parse(await json('forms'))
    expect(forms.lines.find(({ item }) => item === 'electricity')?.nonProduction.amount).toBe('96')
    expect(qualityView.parse(await json('quality'))).toMatchObject({ completeness: 1, measured: 1 })

    const file = join(folder, 'forms.xlsx')
    await report('forms', '--enterprise', 'food', '--format', 'xlsx', '--language', 'en', '--out', file)
    const sheets = await sheetsOf(file)
    const row = sheets['205-1']?.find(([name]) => name === 'Electricity')
    expect(row?.slice(0, 3)).toEqual(['Electricity', '10⁴ kWh', '33'])
  })

  test('wants one period that is one, and an enterprise that is there', async () => {
    const failing = async (...args: readonly string[]): Promise<string> =>
      report('balance', ...args).then(
        () => 'no failure',
        (error: unknown) => (error instanceof Error && 'stderr' in error ? String(error.stderr) : ''),
      )
    expect(await failing('--month', '2026-03')).toContain('Give one of --month')
    expect(await failing('--enterprise', 'none')).toContain('there is no none')
  })
})
