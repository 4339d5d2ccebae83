import { lazy, Suspense, type ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import type { ChartProps } from './echart.tsx'

export type { ChartTable } from './chart-data.tsx'
export type { ChartOption } from './echart.tsx'

function ChartMissing({ height }: ChartProps): ReactNode {
  const { t } = useSpeech()
  return (
    <p className="is-incomplete" style={{ height }}>
      {t('failed.chart')}
    </p>
  )
}

/** The chart library is a third of the page's code: values are on the screen before it is loaded. */
const EChart = lazy(() =>
  import('./echart.tsx').then(
    ({ EChart }) => ({ default: EChart }),
    (error: unknown) => {
      globalThis.reportError(error)
      return { default: ChartMissing }
    },
  ),
)

export function Chart(props: ChartProps): ReactNode {
  return (
    <Suspense fallback={<div style={{ height: props.height }} />}>
      <EChart {...props} />
    </Suspense>
  )
}
