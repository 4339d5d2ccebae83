import { useContext, useEffect, useRef, type ReactNode } from 'react'
import { BarChart, LineChart, SankeyChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use, type ComposeOption, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { BarSeriesOption, LineSeriesOption, SankeySeriesOption } from 'echarts/charts'
import type { GridComponentOption, LegendComponentOption, TooltipComponentOption } from 'echarts/components'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { ChartData, useTableOf, type ChartTable } from './chart-data.tsx'
import { ChartScaleContext } from './chart-scale.ts'
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
  /** Its figures, where they are not those of axes and series. */
  readonly table?: () => ChartTable
}

interface DrawnChartProps extends ChartProps {
  readonly look: Look
  readonly scale: number
}

function DrawnChart({ option, label, height, look, scale }: DrawnChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(undefined)

  useEffect(() => {
    if (place.current === null) return undefined
    // What is drawn larger is drawn finer, or it would be blurred.
    const made = init(place.current, themeName(look), { devicePixelRatio: window.devicePixelRatio * scale })
    chart.current = made
    const observer = new ResizeObserver(() => made.resize())
    observer.observe(place.current)
    return () => {
      observer.disconnect()
      made.dispose()
    }
  }, [look, scale])

  useEffect(() => {
    // A canvas does not inherit the page's font.
    const { fontFamily } = window.getComputedStyle(document.body)
    chart.current?.setOption({ ...option, textStyle: { fontFamily } }, { replaceMerge: ['series'] })
  }, [option])

  return (
    <div style={{ zoom: scale }}>
      <div ref={place} role="img" aria-label={label} style={{ height: height / scale }} />
    </div>
  )
}

/** One chart that follows its option and the width of its place; another look is another chart. */
export function EChart(props: ChartProps): ReactNode {
  const { option, label, table } = props
  const { look } = useLook()
  const scale = useContext(ChartScaleContext)
  const tableOfOption = useTableOf(option)
  return (
    <div className="chart">
      <DrawnChart key={`${look} ${scale}`} {...props} look={look} scale={scale} />
      <ChartData label={label} table={table ?? tableOfOption} />
    </div>
  )
}
