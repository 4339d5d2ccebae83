import { useEffect, useRef, type ReactNode } from 'react'
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type ComposeOption, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { BarSeriesOption, LineSeriesOption } from 'echarts/charts'
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from 'echarts/components'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])

export type ChartOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption | TooltipComponentOption
>

export interface ChartProps {
  readonly option: ChartOption
  readonly label: string
  readonly height: number
}

/** One chart that follows its option and the width of its place. */
export function EChart({ option, label, height }: ChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(undefined)

  useEffect(() => {
    if (place.current === null) return undefined
    const made = init(place.current)
    chart.current = made
    const observer = new ResizeObserver(() => made.resize())
    observer.observe(place.current)
    return () => {
      observer.disconnect()
      made.dispose()
    }
  }, [])

  useEffect(() => {
    // A canvas does not inherit the page's font.
    const { fontFamily } = window.getComputedStyle(document.body)
    chart.current?.setOption({ ...option, textStyle: { fontFamily } }, { replaceMerge: ['series'] })
  }, [option])

  return <div ref={place} role="img" aria-label={label} style={{ height }} />
}
