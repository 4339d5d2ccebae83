import { registerTheme } from 'echarts/core'
import type { Look } from '#dashboards/web/src/look.tsx'
import { seriesColoursOn } from '#dashboards/web/src/palette.ts'

/** What every chart has in common on light and on dark ground: ink, lines, tooltips. */
const inks = {
  light: { text: '#42526b', soft: '#61708a', axis: '#c5cedb', split: '#e8edf4', panel: '#fff' },
  dark: { text: '#c9d5e6', soft: '#9fb0c8', axis: '#42577a', split: '#22344f', panel: '#17283f' },
} as const

function themeOf(look: Look): object {
  const { text, soft, axis, split, panel } = inks[look]
  const axisLook = {
    nameTextStyle: { color: soft },
    axisLabel: { color: soft },
    axisLine: { lineStyle: { color: axis } },
    axisTick: { lineStyle: { color: axis } },
    splitLine: { lineStyle: { color: split } },
  }
  return {
    color: [...seriesColoursOn[look]],
    backgroundColor: 'transparent',
    textStyle: { color: text },
    legend: { textStyle: { color: text } },
    tooltip: { backgroundColor: panel, borderColor: axis, textStyle: { color: text } },
    visualMap: { textStyle: { color: soft } },
    timeAxis: axisLook,
    valueAxis: axisLook,
    categoryAxis: axisLook,
  }
}

/** The theme's name in ECharts. */
export const themeName = (look: Look): string => `tanbiao-${look}`

for (const look of ['light', 'dark'] as const) registerTheme(themeName(look), themeOf(look))
