import type { ChartOption } from './parts/chart.tsx'

/** Looks that charts share. */

export const axisLook = {
  x: {
    axisLabel: { color: '#61708a' },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: '#c5cedb' } },
  },
  y: {
    axisLabel: { color: '#61708a' },
    nameTextStyle: { align: 'left' as const, color: '#61708a' },
    splitLine: { lineStyle: { color: '#e8edf4' } },
  },
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
