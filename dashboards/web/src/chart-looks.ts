import type { ChartOption } from './parts/chart.tsx'

/** Looks that charts share. */

/** Axes; their colours are those of the look that the page has. */
export const axisLook = {
  x: { axisTick: { show: false } },
  y: { nameTextStyle: { align: 'left' as const } },
}

/** Of a legend at 12 px: a mark with its gaps, and letters of half and of whole width. */
const LEGEND_ITEM_PX = 34
const LETTER_PX = { half: 7, whole: 12 } as const
const LEGEND_ROW_PX = 20

/**
 * Room above the axes for a legend of these names and the unit below it, in pixels: a legend takes as many rows as it
 * needs and does not push the axes down itself.
 */
export function legendRoomPx(names: readonly string[], widthPx: number): number {
  let [rows, used] = [1, 0]
  for (const name of names) {
    let width = LEGEND_ITEM_PX
    for (const letter of name) width += letter.charCodeAt(0) < 0x2e80 ? LETTER_PX.half : LETTER_PX.whole
    if (used > 0 && used + width > widthPx) [rows, used] = [rows + 1, 0]
    used += width
  }
  return LEGEND_ROW_PX * (rows + 1)
}

/** A line of which some values are not known: it breaks there, and what stands alone between two breaks is a dot. */
export const brokenLine = {
  type: 'line' as const,
  symbol: 'none',
  showSymbol: true,
  showAllSymbol: true,
  connectNulls: false,
  emphasis: { disabled: true },
}

type Known = number | null
interface Point<T> {
  readonly value: T
  readonly symbol?: string
  readonly symbolSize?: number
}

/** Values of such a line, each as `itemOf` places it on the axes. */
export function brokenPoints<T>(
  values: readonly Known[],
  itemOf: (value: Known, index: number) => T,
): Point<T>[] {
  return values.map((known, index) => {
    const value = itemOf(known, index)
    const isAlone =
      known !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
    return isAlone ? { value, symbol: 'circle', symbolSize: 4 } : { value }
  })
}

type Series = Extract<ChartOption['series'], readonly unknown[]>

/** A band between two curves: an unseen line, and the area from it to the upper one. Neither is in legend or tooltip. */
export function bandSeries(band: {
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
  readonly colour: string
  readonly stack: string
}): Series {
  const { low, high, colour, stack } = band
  const common = {
    type: 'line' as const,
    stack,
    stackStrategy: 'all' as const,
    showSymbol: false,
    silent: true,
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
  }
  return [
    { ...common, name: `${stack}-low`, data: [...low] },
    {
      ...common,
      name: `${stack}-high`,
      color: colour,
      areaStyle: { color: colour, opacity: 0.16 },
      data: high.map((value, index) => {
        const base = low[index]
        return value === null || base === null || base === undefined ? null : value - base
      }),
    },
  ]
}
