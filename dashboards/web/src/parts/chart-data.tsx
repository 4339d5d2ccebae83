import { useState, type ReactNode } from 'react'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import type { ChartOption } from './echart.tsx'
import { Scrollable } from './scrollable.tsx'

/** What a chart shows, as a table: for who does not see curves, and for who wants the numbers. */
export interface ChartTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** More rows than anybody reads; the files of reports have all of them. */
const ROWS_MAX = 1_000

/** What a point of a series is: its value, with or without a look of its own. */
const bare = (item: unknown): unknown =>
  typeof item === 'object' && item !== null && 'value' in item ? item.value : item

type Cell = string | undefined

/** Rows by the places of the first axis, a column for each series; what no legend shows is in no column. */
export function tableOf(option: ChartOption, { t }: Speech, timeOf: (atMs: number) => string): ChartTable {
  const [axis] = [option.xAxis ?? []].flat()
  const names = axis?.type === 'category' ? (axis.data ?? []).map((each) => String(bare(each))) : []
  const [tip] = [option.tooltip ?? []].flat()
  const shown = [option.series ?? []].flat().filter(({ silent }) => silent !== true)
  const places = new Map<number, Cell[]>()
  for (const [column, series] of shown.entries()) {
    if (series.type === 'sankey') continue
    const format = series.tooltip?.valueFormatter ?? tip?.valueFormatter
    for (const [index, item] of [...(series.data ?? [])].entries()) {
      const value = bare(item)
      const [place, figure]: unknown[] = Array.isArray(value) ? value : [index, value]
      if (typeof place !== 'number' || typeof figure !== 'number') continue
      const cells = places.get(place) ?? []
      cells[column] = format?.(figure, index) ?? String(figure)
      places.set(place, cells)
    }
  }
  return {
    head: [t('chart.place'), ...shown.map(({ name }) => String(name ?? ''))],
    rows: [...places]
      .toSorted(([a], [b]) => a - b)
      .map(([place, cells]) => [
        names[place] ?? timeOf(place),
        ...shown.map((_, column) => cells[column] ?? '—'),
      ]),
  }
}

interface ChartDataProps {
  readonly label: string
  readonly table: () => ChartTable
}

function Rows({ label, table }: ChartDataProps): ReactNode {
  const { head, rows } = table()
  return (
    <Scrollable className="chart-rows" label={label}>
      <table className="lines">
        <thead>
          <tr>
            {head.map((name, column) => (
              <th key={`${name} ${column}`} scope="col" className={column === 0 ? '' : 'is-right'}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_MAX).map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, column) =>
                column === 0 ? (
                  <th key={column} scope="row" className="number">
                    {cell}
                  </th>
                ) : (
                  <td key={column} className="number is-right">
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  )
}

/** The figures behind a chart, made when they are asked for. */
export function ChartData({ label, table }: ChartDataProps): ReactNode {
  const { t } = useSpeech()
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="chart-data" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary aria-label={t('chart.dataOf', { what: label })}>{t('chart.data')}</summary>
      {isOpen && <Rows label={label} table={table} />}
    </details>
  )
}

/** The table of an option’s own axes and series. */
export function useTableOf(option: ChartOption): () => ChartTable {
  const speech = useSpeech()
  const timeZone = useTimeZone()
  return () => tableOf(option, speech, (atMs) => momentText(atMs, speech.locale, timeZone))
}
