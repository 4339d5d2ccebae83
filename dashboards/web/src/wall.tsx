import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import { useDayOnce } from '#dashboards/web/src/day.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useLivePark, type LivePark } from '#dashboards/web/src/live-park.ts'
import { usePresent } from '#dashboards/web/src/live.ts'
import { secondText, weekdayText } from '#dashboards/web/src/numbers.ts'
import { ParkProvider } from '#dashboards/web/src/park-context.tsx'
import { ChartScaleContext } from '#dashboards/web/src/parts/chart-scale.ts'
import { DayShares } from '#dashboards/web/src/parts/day-shares.tsx'
import { FlowSankey } from '#dashboards/web/src/parts/flow-sankey.tsx'
import { GatewayCards } from '#dashboards/web/src/parts/gateway-cards.tsx'
import { LoadCurvePanel } from '#dashboards/web/src/parts/load-curve.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { Notice } from '#dashboards/web/src/parts/notice.tsx'
import { ParkState } from '#dashboards/web/src/parts/park-state.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Tiles } from '#dashboards/web/src/parts/tiles.tsx'
import { PresentProvider } from '#dashboards/web/src/present.tsx'
import './wall.css'

/** The screen that charts are drawn for; a larger one gets larger charts, not smaller letters. */
const DESK_WIDTH_PX = 1_920

interface ChartSize {
  /** Of one of the rows of charts on this screen, without its heading. */
  readonly heightPx: number
  readonly scale: number
}

/** Padding and heading of a panel, in letters of the wall. */
const PANEL_HEAD_EM = 3.7

/** As large as the figures above leave room for. */
function chartSize(grid: HTMLElement, rows: number): ChartSize {
  const { fontSize, rowGap } = window.getComputedStyle(grid)
  const row = (grid.clientHeight - (rows - 1) * Number.parseFloat(rowGap)) / rows
  return {
    heightPx: Math.max(120, Math.floor(row - PANEL_HEAD_EM * Number.parseFloat(fontSize))),
    scale: Math.max(1, window.innerWidth / DESK_WIDTH_PX),
  }
}

function useChartSize(grid: RefObject<HTMLElement | null>, rows: number): ChartSize | undefined {
  const [size, setSize] = useState<ChartSize>()
  useEffect(() => {
    const { current } = grid
    if (current === null) return undefined
    const observer = new ResizeObserver(() => setSize(chartSize(current, rows)))
    observer.observe(current)
    return () => observer.disconnect()
  }, [grid, rows])
  return size
}

function Panels({ data: { park, overview } }: { data: NonNullable<LivePark['data']> }): ReactNode {
  const { t } = useSpeech()
  const { data: day, hasCome, failure } = useDayOnce()
  const grid = useRef<HTMLDivElement>(null)
  // Where nothing is counted as carbon or standard coal there is no energy flow either.
  const rows = park.accounting ? 2 : 1
  const size = useChartSize(grid, rows)
  return (
    <ChartScaleContext value={size?.scale ?? 1}>
      <Parts>
        <Tiles overview={overview} day={day} />
        <div className="park-state">{hasCome && <ParkState onWall />}</div>
        <div className={`wall-grid has-rows-${rows}`} ref={grid}>
          {size !== undefined && (
            <Parts>
              <LoadCurvePanel park={park} height={size.heightPx} onWall />
              {rows > 1 && (day === undefined ? <section className="panel" /> : <DayShares day={day} />)}
              {rows > 1 &&
                (day === undefined ? (
                  <section className="panel">
                    <h2>{t('day.flow.day')}</h2>
                    <NotRead why={failure} inPanel />
                  </section>
                ) : (
                  <FlowSankey day={day} height={size.heightPx} onWall />
                ))}
              <GatewayCards park={park} gateways={overview.gateways} onWall />
            </Parts>
          )}
        </div>
      </Parts>
    </ChartScaleContext>
  )
}

function WallHead({ title, simulated }: { title: string; simulated: boolean }): ReactNode {
  const { t, locale } = useSpeech()
  const { nowMs, timeZone } = usePresent()
  return (
    <header className="wall-head">
      <h1>{title}</h1>
      <span>{t('wall.title')}</span>
      {simulated && <span className="simulated">{t('wall.simulated')}</span>}
      {nowMs > 0 && (
        <time className="number">
          {dayOf(nowMs, timeZone)} {weekdayText(nowMs, locale, timeZone)}{' '}
          {secondText(nowMs, locale, timeZone)}
        </time>
      )}
    </header>
  )
}

/** The park on a wall: nothing to press, everything at once, and plainly said when it is not the present. */
export function Wall(): ReactNode {
  const { t, locale } = useSpeech()
  const { connection, time, timeZone, title, simulated, data } = useLivePark()
  return (
    <PresentProvider time={time} live={connection === 'live'} timeZone={timeZone}>
      <main className={connection === 'broken' ? 'wall is-broken' : 'wall'}>
        <WallHead title={title} simulated={simulated} />
        {connection === 'broken' && time !== undefined && (
          <Notice tone="error">
            {t('stream.brokenTitle', { time: secondText(time.nowMs, locale, timeZone) })}
          </Notice>
        )}
        {data === undefined ? (
          <Loading text={t('wall.waiting')} />
        ) : (
          <ParkProvider value={data}>
            <Panels data={data} />
          </ParkProvider>
        )}
      </main>
    </PresentProvider>
  )
}
