import { readingText, valueText } from '#edge/commission/value-text.ts'
import type { LiveMeter } from '#edge/commission/watch.ts'
import { cut, tableLines } from './table.ts'

/** The table of `tanbiao watch` as lines of text. */

const HEADING = [
  'meter 表计',
  'quantity 量',
  'value 值',
  'quality 质量',
  'age 时效',
  'latency 延迟',
  'errors 错误率',
]
/** Heading, status and the line of keys. */
const CHROME_LINES = 3

/** How long ago, in the fewest words. */
function ageText(ms: number): string {
  if (ms < 60_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`
}

/** One row for each quantity of each meter, by meter and quantity; a meter that was not asked yet has one of its own. */
export function liveRows(meters: readonly LiveMeter[], nowMs: number): string[][] {
  return meters
    .toSorted((a, b) => (a.meter < b.meter ? -1 : 1))
    .flatMap((meter) => {
      const latency = meter.latencyMs === undefined ? '–' : `${meter.latencyMs.toFixed(0)} ms`
      const errors = `${(meter.errorRate * 100).toFixed(0)} %`
      if (meter.values.length === 0) return [[meter.meter, '…', '', '', '', '', '']]
      return meter.values
        .toSorted((a, b) => (a.quantity < b.quantity ? -1 : 1))
        .map(({ quantity, latest, value }) => [
          meter.meter,
          quantity,
          value === undefined ? '–' : valueText(value),
          latest.quality === 'bad' ? `bad: ${readingText(latest)}` : latest.quality,
          value === undefined ? '–' : ageText(nowMs - value.atMs),
          latency,
          errors,
        ])
    })
}

const RIGHT = new Set([2, 4, 5, 6])

/** All rows as lines, with their heading. */
export function liveLines(rows: readonly string[][]): string[] {
  return tableLines([HEADING, ...rows], RIGHT)
}

/** Pages that rows need in a window of so many lines. */
export function pagesOf(rows: number, windowLines: number): number {
  return Math.max(1, Math.ceil(rows / Math.max(1, windowLines - CHROME_LINES)))
}

/** One page that fills a window: the title, the heading, its rows, the keys. */
export function livePage(
  rows: readonly string[][],
  page: number,
  window: { readonly columns: number; readonly rows: number },
  title: string,
): string[] {
  const perPage = Math.max(1, window.rows - CHROME_LINES)
  const pages = pagesOf(rows.length, window.rows)
  // Widths are those of all rows, so that columns stay where they are from page to page.
  const [heading = '', ...lines] = liveLines(rows)
  const shown = lines.slice((page % pages) * perPage, ((page % pages) + 1) * perPage)
  const filler = Array.from({ length: perPage - shown.length }, () => '')
  const keys = `${pages > 1 ? `page ${(page % pages) + 1} of ${pages} · n next 下页 · p previous 上页 · ` : ''}q or Ctrl-C ends 退出`
  return [title, heading, ...shown, ...filler, keys]
    .map((line) => cut(line, window.columns))
    .slice(0, window.rows)
}
