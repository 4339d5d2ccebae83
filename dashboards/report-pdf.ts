import { existsSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { buffer } from 'node:stream/consumers'
import type { ReportCell, ReportSheet, Say } from '#accounts/report-sheet.ts'
import { Fault } from '#contract/fault.ts'
import type { LocalName } from '#contract/identity.ts'
import { printed } from './report-content.ts'

/** Sheets of a report as a PDF for A4, as the forms are handed in: heads repeated, pages numbered, room to sign. */

/** A font with Chinese characters; PDF has none of its own. */
export interface ReportFont {
  readonly file: string
  /** Its name within a collection (.ttc). */
  readonly name?: string | undefined
}

/** Fonts of Debian's packages fonts-wqy-microhei, fonts-wqy-zenhei and fonts-noto-cjk. */
const knownFonts: readonly ReportFont[] = [
  { file: '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc', name: 'WenQuanYiMicroHei' },
  { file: '/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc', name: 'WenQuanYiZenHei' },
  { file: '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc', name: 'NotoSansCJKsc-Regular' },
]

/** The first known font of this machine. */
export function installedFont(): ReportFont | undefined {
  return knownFonts.find(({ file }) => existsSync(file))
}

const MARGIN = 34
const TITLE_SIZE = 14
const TEXT_SIZE = 8
const CELL_PADDING = 3
const COLUMN_MAX = 190
const COLUMN_MIN = 26
/** More columns than these stand across the longer side of the sheet. */
const PORTRAIT_COLUMNS_MAX = 6
const FOOT = 22
/** Rows that are set in one go: some ten milliseconds. */
const ROWS_AT_ONCE = 40
const LINE_COLOUR = '#9aa5b1'
const HEAD_COLOUR = '#e8eef4'

const words = {
  signatures: [
    { zh: '单位负责人：', en: 'Head of unit:' },
    { zh: '统计负责人：', en: 'Head of statistics:' },
    { zh: '填表人：', en: 'Filled in by:' },
    { zh: '报出日期：', en: 'Date:' },
  ],
  page: (page: number, of: number): LocalName => ({
    zh: `第 ${page} 页 共 ${of} 页`,
    en: `Page ${page} of ${of}`,
  }),
} as const

export interface PdfWish {
  readonly font: ReportFont | undefined
  readonly say: Say
  /** Stands in the file as its date; the same input gives the same file. */
  readonly madeAtMs: number
}

/** Of the line to sign on, with the space above it. */
const SIGNATURE_ROOM = 4 * TEXT_SIZE

type Document = PDFKit.PDFDocument

/** How wide columns are: as wide as what stands in them, and all of them together as wide as the page. */
function widthsOf(document: Document, { head, rows }: ReportSheet, available: number): number[] {
  const natural = head.map((text, column) => {
    const texts = [text, ...rows.map((row) => printed(row[column]))]
    const longest = texts.reduce((most, each) => Math.max(most, document.widthOfString(each)), 0)
    return Math.min(COLUMN_MAX, Math.max(COLUMN_MIN, longest + 2 * CELL_PADDING + 1))
  })
  const total = natural.reduce((sum, width) => sum + width, 0)
  return natural.map((width) => (width * available) / total)
}

const alignOf = (cell: ReportCell): 'left' | 'right' => (typeof cell === 'object' ? 'right' : 'left')

class SheetWriter {
  readonly #document: Document
  readonly #sheet: ReportSheet
  readonly #widths: readonly number[]

  constructor(document: Document, sheet: ReportSheet) {
    this.#document = document
    this.#sheet = sheet
    const { width } = document.page
    this.#widths = widthsOf(document.fontSize(TEXT_SIZE), sheet, width - 2 * MARGIN)
  }

  get #bottom(): number {
    return this.#document.page.height - MARGIN - FOOT
  }

  /** @param below what has to find room below it on the same page, in points */
  #row(cells: readonly ReportCell[], isHead: boolean, below = 0): void {
    const document = this.#document
    const texts = cells.map((cell) => printed(cell))
    const heights = texts.map((text, column) =>
      document.heightOfString(text === '' ? ' ' : text, {
        width: (this.#widths[column] ?? 0) - 2 * CELL_PADDING,
      }),
    )
    const height = Math.max(...heights) + 2 * CELL_PADDING
    if (!isHead && document.y + height + below > this.#bottom) {
      document.addPage()
      this.#row(this.#sheet.head, true)
    }
    const top = document.y
    let left = MARGIN
    for (const [column, width] of this.#widths.entries()) {
      document.rect(left, top, width, height).lineWidth(0.4)
      if (isHead) document.fillAndStroke(HEAD_COLOUR, LINE_COLOUR)
      else document.stroke(LINE_COLOUR)
      document.fillColor('#000000').text(texts[column] ?? '', left + CELL_PADDING, top + CELL_PADDING, {
        width: width - 2 * CELL_PADDING,
        align: isHead ? 'center' : alignOf(cells[column]),
      })
      left += width
    }
    document.x = MARGIN
    document.y = top + height
  }

  #lines(lines: readonly string[]): void {
    const document = this.#document
    for (const line of lines) {
      if (document.y + TEXT_SIZE * 2 > this.#bottom) document.addPage()
      document.text(line, MARGIN, document.y, { width: document.page.width - 2 * MARGIN })
    }
  }

  async write(say: Say): Promise<void> {
    const document = this.#document
    const { title, about, head, rows, notes } = this.#sheet
    document.fontSize(TITLE_SIZE).text(title, MARGIN, MARGIN, {
      width: document.page.width - 2 * MARGIN,
      align: 'center',
    })
    document.fontSize(TEXT_SIZE).moveDown(0.6)
    this.#lines(about)
    document.moveDown(0.6)
    this.#row(head, true)
    for (const [index, row] of rows.entries()) {
      if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await turn()
      this.#row(
        head.map((_, column) => row[column]),
        false,
        // Who signs, signs something: their line does not stand on a page alone.
        index === rows.length - 1 ? SIGNATURE_ROOM : 0,
      )
    }
    document.moveDown(1.2)
    this.#lines([words.signatures.map((name) => `${say(name)}________________`).join('　　')])
    document.moveDown(1)
    this.#lines(notes)
  }
}

/**
 * A PDF with one section of each sheet. Throws `font-missing` where there is no font, or where the one that was named
 * cannot be used.
 */
export async function pdfOf(
  sheets: readonly ReportSheet[],
  { font, say, madeAtMs }: PdfWish,
): Promise<Buffer> {
  if (font === undefined) throw new Fault('font-missing', 'No font with Chinese characters was found.')
  // Loaded with the first PDF: most starts write none.
  const { default: PDFDocument } = await import('pdfkit')
  const date = new Date(madeAtMs)
  const [first] = sheets
  const document = new PDFDocument({
    autoFirstPage: false,
    bufferPages: true,
    margin: 0,
    info: {
      Title: first?.title ?? '',
      Creator: 'tanbiao',
      Producer: 'tanbiao',
      CreationDate: date,
      ModDate: date,
    },
  })
  const content = buffer(document)
  try {
    document.registerFont('text', font.file, font.name).font('text')
  } catch (cause) {
    throw new Fault('font-missing', `${font.file} cannot be used as a font.`, {
      place: { file: font.file },
      cause,
    })
  }
  for (const sheet of sheets) {
    const layout = sheet.head.length > PORTRAIT_COLUMNS_MAX ? 'landscape' : 'portrait'
    document.options.layout = layout
    document.addPage({ size: 'A4', layout, margin: 0 })
    await new SheetWriter(document, sheet).write(say)
  }
  const { count } = document.bufferedPageRange()
  for (let page = 0; page < count; page += 1) {
    document.switchToPage(page)
    const { width, height } = document.page
    document.fontSize(TEXT_SIZE).text(say(words.page(page + 1, count)), MARGIN, height - MARGIN - TEXT_SIZE, {
      width: width - 2 * MARGIN,
      align: 'center',
      lineBreak: false,
    })
  }
  document.end()
  return content
}
