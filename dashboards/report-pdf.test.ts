import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sayIn, type ReportSheet } from '#accounts/report-sheet.ts'
import { describeWith, serverPath } from '#test/support/servers.ts'
import { installedFont, pdfOf } from './report-pdf.ts'

const folder = mkdtempSync(join(tmpdir(), 'tanbiao-pdf-'))
afterAll(() => rmSync(folder, { recursive: true }))

const sheetOf = (rows: number): ReportSheet => ({
  name: '实物量',
  title: '能源平衡表（实物量）',
  about: ['示范园区 · 园区合计　2026-03-01 至 2026-03-31'],
  head: ['项目', '电力（万kWh）', '说明'],
  rows: Array.from({ length: rows }, (_, index) => [
    `第${index + 1}行`,
    { number: `${index}.50`, decimals: 2, marked: index === 1 },
    index === 2 ? '无当年值' : undefined,
  ]),
  notes: ['* 该数缺少部分数据'],
})
const wish = { font: installedFont(), say: sayIn('zh'), madeAtMs: Date.UTC(2026, 3, 3) }

describeWith(['pdftotext', 'chineseFont'], 'reports as PDF', () => {
  function textOf(content: Buffer): string[] {
    const file = join(folder, 'report.pdf')
    writeFileSync(file, content)
    const text = execFileSync(serverPath('pdftotext'), ['-layout', file, '-'], { encoding: 'utf8' })
    return text.split('\f').slice(0, -1)
  }

  test('say what the sheets say, with the head on every page, every row once, and pages numbered', async () => {
    const pages = textOf(await pdfOf([sheetOf(120), sheetOf(3)], wish))
    expect(pages.length).toBeGreaterThan(3)
    for (const [index, page] of pages.entries()) {
      expect(page).toContain('电力（万kWh）')
      expect(page.replaceAll(' ', '')).toContain(`第${index + 1}页共${pages.length}页`)
    }
    const rows = [
      ...pages
        .slice(0, -1)
        .join('')
        .matchAll(/第(\d+)行/g),
    ].map(([, row]) => Number(row))
    expect(rows).toEqual(Array.from({ length: 120 }, (_, index) => index + 1))
    const [first = '', last = ''] = [pages[0], pages.at(-1)]
    expect(first).toContain('能源平衡表（实物量）')
    expect(first).toMatch(/1\.50\*/)
    expect(first).toContain('无当年值')
    expect(last).toMatch(/单位负责人：_+\s*统计负责人：_+\s*填表人：_+\s*报出日期：_+/)
    expect(last).toContain('* 该数缺少部分数据')
  })

  test('nobody signs a page that has no line of the table', async () => {
    for (let rows = 36; rows <= 48; rows += 1) {
      const signed = textOf(await pdfOf([sheetOf(rows)], wish)).filter((page) => page.includes('单位负责人'))
      expect(signed).toHaveLength(1)
      expect(signed[0], `${rows} lines`).toMatch(/第\d+行/)
    }
  })

  test('hold names of any kind, each whole', async () => {
    const names = [
      "=cmd|'/c calc'!A1",
      '<script>alert(1)</script>',
      ') Tj /Launch (calc',
      'two\nlines',
      '企'.repeat(200),
      'no \u0000 sign',
    ]
    const sheet = {
      ...sheetOf(0),
      title: names[2] ?? '',
      rows: names.map((name) => [name, undefined, undefined]),
    }
    const text = textOf(await pdfOf([sheet], wish)).join('')
    for (const name of names.slice(0, 3)) expect(text).toContain(name)
    expect(text.match(/企/g)).toHaveLength(200)
    expect(text).toMatch(/no\s+.?\s*sign/)
  })

  test('the same sheets at the same moment are the same file', async () => {
    expect(await pdfOf([sheetOf(5)], wish)).toEqual(await pdfOf([sheetOf(5)], wish))
  })
})

test('without a font, or with one that is none, there is no PDF and the reason is said', async () => {
  await expect(pdfOf([sheetOf(1)], { ...wish, font: undefined })).rejects.toMatchObject({
    code: 'font-missing',
  })
  const file = join(folder, 'no-font.ttf')
  writeFileSync(file, 'this is no font')
  for (const wrong of [file, join(folder, 'nothing.ttf')]) {
    await expect(pdfOf([sheetOf(1)], { ...wish, font: { file: wrong } })).rejects.toMatchObject({
      code: 'font-missing',
      place: { file: wrong },
    })
  }
})
