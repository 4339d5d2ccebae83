import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { describeWith, serverPath } from '#test/support/servers.ts'
import { csvOf, xlsxOf } from './report-content.ts'

test('what persons have entered is text in a spreadsheet program too, and numbers stay numbers', () => {
  const number = { number: '-1.500', decimals: 3, marked: false }
  const csv = csvOf([
    {
      name: 'sheet',
      title: '=HYPERLINK("http://example.org/?"&A1)',
      about: ['@SUM(A1)', '\tx'],
      head: ['+1-2', '-'],
      rows: [
        ['-cmd|x', number],
        ['+5 %', '-12.3*'],
      ],
      notes: ['a = b', '＝1'],
    },
  ])
  expect(csv.split('\r\n')).toEqual([
    `"'=HYPERLINK(""http://example.org/?""&A1)"`,
    "'@SUM(A1)",
    "'\tx",
    "'+1-2,-",
    "'-cmd|x,-1.500",
    '+5 %,-12.3*',
    'a = b',
    "'＝1",
    '',
  ])
})

describeWith(['openpyxl'], 'a workbook with names that nobody should have', () => {
  test('opens, computes nothing, and says what they say', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-names-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const names = [
      "=cmd|'/c calc'!A1",
      '<script>alert(1)</script> & "quoted" \'too\'',
      '\u202Egnp.exe \u200F',
      '企'.repeat(200),
      'two\nlines',
      'no \u0000 XML \u000B here \uFFFE',
    ]
    const sheet = {
      name: '名',
      title: names[5] ?? '',
      about: names,
      head: names,
      rows: [names],
      notes: names,
    }
    const file = join(folder, 'names.xlsx')
    writeFileSync(file, await xlsxOf([sheet]))
    const read = `import json, sys, openpyxl
sheet = openpyxl.load_workbook(sys.argv[1]).active
print(json.dumps([[cell.data_type, cell.value] for cell in sheet[9]]))`
    const cells: unknown = JSON.parse(
      execFileSync(serverPath('openpyxl'), ['-c', read, file], { encoding: 'utf8' }),
    )
    expect(cells).toEqual([...names.slice(0, 5).map((name) => ['s', name]), ['s', 'no  XML  here ']])
  })
})
