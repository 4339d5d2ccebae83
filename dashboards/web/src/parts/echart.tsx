import { useEffect, useRef, type ReactNode } from 'react'
import { BarChart, LineChart, SankeyChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type ComposeOption, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { BarSeriesOption, LineSeriesOption, SankeySeriesOption } from 'echarts/charts'
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from 'echarts/components'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { themeName } from './echart-themes.ts'

use([BarChart, LineChart, SankeyChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

export type ChartOption = ComposeOption<
  | BarSeriesOption
  | LineSeriesOption
  | SankeySeriesOption
  | GridComponentOption
  | LegendComponentOption
  | TooltipComponentOption
>

export interface ChartProps {
  readonly option: ChartOption
  readonly label: string
  readonly height: number
}

function DrawnChart({ option, label, height, look }: ChartProps & { readonly look: Look }): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(undefined)

  useEffect(() => {
    if (place.current === null) return undefined
    const made = init(place.current, themeName(look))
    chart.current = made
    const observer = new ResizeObserver(() => made.resize())
    observer.observe(place.current)
    return () => {
      observer.disconnect()
      made.dispose()
    }
  }, [look])

  useEffect(() => {
    // A canvas does not inherit the page's font.
    const { fontFamily } = window.getComputedStyle(document.body)
    chart.current?.setOption({ ...option, textStyle: { fontFamily } }, { replaceMerge: ['series'] })
  }, [option])

  return <div ref={place} role="img" aria-label={label} style={{ height }} />
}

/** One chart that follows its option and the width of its place; another look is another chart. */
export function EChart(props: ChartProps): ReactNode {
  const { look } = useLook()
  return <DrawnChart key={look} {...props} look={look} />
}
