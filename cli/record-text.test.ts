import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InvalidFile } from '#firmware-config/document.ts'
import { readRecordFile, recordOfArguments } from './record-text.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-records-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const fileOf = (text: string): string => {
  const file = join(folder, 'records.csv')
  writeFileSync(file, text)
  return file
}

const HEADING = 'kind,account,month,from,to,product,item,quantity,unit,document,by,replaces'

describe('records in a CSV file', () => {
  test('are read with their lines; quotes, line breaks, a byte-order mark and empty lines are no matter', () => {
    const read = readRecordFile(
      fileOf(
        `\uFEFF${HEADING}\r\nproduction,steel,2026-03,,,steel-tube,,1200,t,"Report ""3""\nsecond line",office,\r\n\r\n` +
          'energy-stock,food,,2026-01-01,2026-02-01,,rawCoal,12.5,t,stocktaking,office,7\r\n',
      ),
    )
    expect(read).toEqual([
      {
        line: 2,
        record: {
          kind: 'production',
          account: 'steel',
          from: '2026-03-01',
          to: '2026-04-01',
          product: 'steel-tube',
          quantity: '1200',
          unit: 't',
          document: 'Report "3"\nsecond line',
          by: 'office',
        },
      },
      {
        line: 5,
        record: {
          kind: 'energy-stock',
          account: 'food',
          from: '2026-01-01',
          to: '2026-02-01',
          item: 'rawCoal',
          quantity: '12.5',
          unit: 't',
          document: 'stocktaking',
          by: 'office',
          replaces: 7,
        },
      },
    ])
  })

  test('that are wrong are all named with file and line, and none is taken', () => {
    const file = fileOf(
      [
        HEADING,
        'production,steel,2026-13,,,steel-tube,,1200,t,r,office,',
        'production,steel,2026-03,,,steel-tube,,1.20,t,r,office,',
        'production,steel,2026-03',
        'production,steel,,2026-03-02,2026-03-01,steel-tube,,1,t,r,office,',
        'nonsense,steel,2026-03,,,,,1,t,r,office,',
      ].join('\n'),
    )
    let findings: InvalidFile['findings'] = []
    try {
      readRecordFile(file)
    } catch (error) {
      if (error instanceof InvalidFile) findings = error.findings
    }
    expect(new Set(findings.map(({ place }) => place.line))).toEqual(new Set([2, 3, 4, 5, 6]))
    expect(findings.find(({ place }) => place.line === 3)?.message).toMatch(/quantity: a decimal/)
    expect(findings.find(({ place }) => place.line === 4)?.message).toMatch(/3 fields/)
    expect(findings.every(({ place }) => place.file === file)).toBe(true)
  })
})

describe('a record on the command line', () => {
  test('is fields as name=value; what is missing is named', () => {
    const fields = ['kind=production', 'account=steel', 'month=2026-03', 'product=steel-tube', 'unit=t']
    expect(recordOfArguments([...fields, 'quantity=3', 'document=a=b', 'by=me'])).toMatchObject({
      document: 'a=b',
      from: '2026-03-01',
    })
    for (const missing of ['by', 'document', 'quantity'])
      expect(() => recordOfArguments(fields)).toThrow(`${missing}: `)
    expect(() => recordOfArguments(['nonsense'])).toThrow(/form field=value/)
  })
})
