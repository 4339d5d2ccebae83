import { useContext, useMemo, useState, type ReactNode } from 'react'
import { flowNow, type DayView, type FlowView } from '#dashboards/api/day-shapes.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'
import { useNarrow } from '#dashboards/web/src/narrow.ts'
import { placesText } from '#dashboards/web/src/numbers.ts'
import { foldFlow, type DrawnFlow, type DrawnNode } from '#dashboards/web/src/flow-fold.ts'
import { flowTip } from '#dashboards/web/src/flow-tip.ts'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { carrierColours, enterpriseColour, restColour } from '#dashboards/web/src/palette.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { ChartScaleContext } from './chart-scale.ts'
import { Chart, type ChartOption, type ChartTable } from './chart.tsx'
import { NotRead } from './not-read.tsx'
import { Nothing } from './nothing.tsx'
import { useWidth } from './width.ts'

const HEIGHT_PX_MIN = 300
/** A line of the smallest node: its label, which must not meet the next one. */
const ROW_PX = 20
const NODE_PX = 12
const LEFT_PX = 8
/** What stands behind the last level. */
const RIGHT_PX = { wide: 190, narrow: 128 } as const
/** Between a name and what comes after it. */
const LABEL_GAP_PX = { wide: 14, narrow: 4 } as const
/** More lines than these are a list and no picture. */
const ROWS_MAX = 24
const ACCOUNTS_MAX = 14
const ink = {
  light: { label: '#42526b', value: '#17263c', ground: '#fff' },
  dark: { label: '#c9d5e6', value: '#fff', ground: '#122036' },
} as const

/** Energy has the colour of its carrier, who turns it into another or uses it that of its enterprise. */
function colourOf(node: DrawnNode, park: ParkTree, look: Look): string {
  switch (node.kind) {
    case 'source':
    case 'item':
    case 'out':
      return node.carrier === null ? restColour : carrierColours[node.carrier]
    case 'conversion':
    case 'account':
    case 'process':
      return enterpriseColour(park.enterprises, node.id.split(' ')[1], look)
    case 'loss':
    case 'rest':
    case 'others':
      break
  }
  return restColour
}

/** Tonnes of a day, kilograms an hour of this moment: figures with as many digits as a person reads. */
const measures = {
  now: { factor: 1_000, unit: 'unit.kgcePerHour' },
  day: { factor: 1, unit: 'unit.tce' },
} as const
const ranges = ['now', 'day'] as const
type Range = (typeof ranges)[number]

interface Picture {
  readonly flow: DrawnFlow
  readonly range: Range
  readonly park: ParkTree
  readonly look: Look
  /** Between two nodes, in pixels. */
  readonly gapPx: number
  /** On a phone there is no room for figures between the levels. */
  readonly isNarrow: boolean
  /** Of the whole chart, before it is scaled. */
  readonly widthPx: number
}

/** What names of each level have room for: up to the next level, and of the last one up to the edge. */
function labelRoomPx(widthPx: number, of: 'wide' | 'narrow', last: number): (level: number) => number {
  const apart = (widthPx - LEFT_PX - RIGHT_PX[of] - NODE_PX) / last
  const room = (px: number): number => Math.max(0, Math.floor(px) - LABEL_GAP_PX[of])
  return (level) => (level === last ? room(RIGHT_PX[of]) : room(apart - NODE_PX))
}

function optionOf(
  { flow, range, park, look, gapPx, isNarrow, widthPx }: Picture,
  { t, locale, nameOf }: Speech,
): ChartOption {
  const names = new Map(
    flow.nodes.map((node) => [
      node.id,
      node.kind === 'others' ? t(`day.flow.others.${node.of}`, { count: node.count }) : nameOf(node.name),
    ]),
  )
  const nameAt = (id: unknown): string => names.get(String(id)) ?? String(id)
  const { factor, unit } = measures[range]
  const figure = (value: unknown): string => placesText(Number(value), locale)
  const last = Math.max(0, ...flow.nodes.map(({ level }) => level))
  const size = isNarrow ? 'narrow' : 'wide'
  const roomPx = labelRoomPx(widthPx, size, last)
  return {
    animation: false,
    tooltip: {
      formatter: (given) => {
        const { data, name, value } = Array.isArray(given) ? (given[0] ?? {}) : given
        const ends = typeof data === 'object' && data !== null && 'source' in data && 'target' in data
        const named = ends ? [data['source'], data['target']] : [name]
        return flowTip(named.map(nameAt), `${figure(value)} ${t(unit)}`)
      },
    },
    series: [
      {
        type: 'sankey',
        left: LEFT_PX,
        right: RIGHT_PX[size],
        // Below the button of the table, which a name beside it would meet on a phone.
        top: isNarrow ? 28 : 8,
        bottom: 8,
        nodeAlign: 'left',
        nodeGap: gapPx,
        labelLayout: { hideOverlap: true },
        nodeWidth: NODE_PX,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        levels: [...new Set(flow.nodes.map(({ level }) => level))].map((depth) => ({
          depth,
          label: {
            ...(isNarrow && depth < last ? { formatter: ({ name }: { name: string }) => nameAt(name) } : {}),
            width: roomPx(depth),
            overflow: 'truncate' as const,
          },
        })),
        lineStyle: { color: 'gradient', opacity: 0.35 },
        label: {
          color: ink[look].label,
          // What flows behind a name must not strike it through.
          textBorderColor: ink[look].ground,
          textBorderWidth: 3,
          // The figure first: where a name is cut to its room, it is not.
          formatter: ({ name, value }) => `{value|${figure(value)}}  ${nameAt(name)}`,
          rich: {
            value: {
              color: ink[look].value,
              fontWeight: 'bold',
              textBorderColor: ink[look].ground,
              textBorderWidth: 3,
            },
          },
        },
        data: flow.nodes.map((node) => ({
          name: node.id,
          depth: node.level,
          itemStyle: { color: colourOf(node, park, look) },
        })),
        links: flow.links.map(({ from, to, tce }) => ({ source: from, target: to, value: tce * factor })),
      },
    ],
  }
}

/** As many lines as a height that is given has room for, or as high as its lines need. */
function useDrawn(
  flow: FlowView,
  given: number | undefined,
): Omit<Picture, 'park' | 'look' | 'range' | 'widthPx'> & { height: number } {
  const scale = useContext(ChartScaleContext)
  const isNarrow = useNarrow()
  return useMemo(() => {
    const most = isNarrow ? ROWS_MAX / 2 : ROWS_MAX
    const rows = given === undefined ? most : Math.max(2, Math.floor(given / scale / ROW_PX))
    const drawn = foldFlow(flow, { accounts: Math.min(ACCOUNTS_MAX, rows), processes: rows - 1 })
    const height = given ?? Math.max(HEIGHT_PX_MIN, drawn.rows * ROW_PX)
    // What the gaps leave is what flows: of a full picture a little, of others most.
    return { flow: drawn, height, isNarrow, gapPx: Math.min(ROW_PX, (0.75 * height) / scale / drawn.rows) }
  }, [flow, given, scale, isNarrow])
}

interface FlowSankeyProps {
  readonly day: DayView
  /** Without one it is as high as it needs to be. */
  readonly height?: number
  /** On a wall there is nothing to press. */
  readonly onWall?: boolean
}

/** The flow of this moment is asked for again at this pace. */
const REFRESH_MS = 5_000
const NO_FLOW: FlowView = { nodes: [], links: [], incomplete: false }

/** Energy from where it comes through what it is turned into to those who use it, now or of the day. */
export function FlowSankey({ day, height: given, onWall = false }: FlowSankeyProps): ReactNode {
  const speech = useSpeech()
  const { t, locale } = speech
  const { look } = useLook()
  const park = useParkTree()
  const { nowMs, live } = useFiveSeconds()
  const [chosen, setChosen] = useState<Range>()
  const now = useAnswer(
    flowNow,
    chosen === 'day' ? undefined : 'api/v1/flow',
    live ? Math.floor(nowMs / REFRESH_MS) : 'broken',
  )
  // Where no power is known now, and while it is asked for first, there is the day.
  const isLive = now.data !== undefined && now.data.flow.links.length > 0 && live
  const range = chosen ?? (isLive ? 'now' : 'day')
  const shown = range === 'now' ? (now.data?.flow ?? NO_FLOW) : day.flow
  const { flow, height, gapPx, isNarrow } = useDrawn(shown, given)
  const scale = useContext(ChartScaleContext)
  const [place, placePx] = useWidth()
  const widthPx = placePx / scale
  const option = useMemo(
    () => optionOf({ flow, range, park, look, gapPx, isNarrow, widthPx }, speech),
    [flow, range, park, look, gapPx, isNarrow, widthPx, speech],
  )
  const { factor, unit } = measures[range]
  const table = (): ChartTable => {
    const names = new Map(shown.nodes.map(({ id, name }) => [id, speech.nameOf(name)]))
    return {
      head: [t('day.flow.from'), t('day.flow.to'), t(unit)],
      rows: shown.links.map(({ from, to, tce }) => [
        names.get(from) ?? from,
        names.get(to) ?? to,
        placesText(tce * factor, locale),
      ]),
    }
  }
  return (
    <section className="panel" data-testid="flow">
      <div className="panel-head">
        <h2>
          {t(`day.flow.${range}`)} <small>{t('day.flow.unit', { unit: t(unit) })}</small>
        </h2>
        {!onWall && (
          <span className="choice is-plain" role="group" aria-label={t('choice.range')}>
            {ranges.map((each) => (
              <button key={each} type="button" aria-pressed={each === range} onClick={() => setChosen(each)}>
                {t(`day.flow.choose.${each}`)}
              </button>
            ))}
          </span>
        )}
      </div>
      {range === 'now' && live && <NotRead why={now.failure} inPanel />}
      {shown.links.length === 0 ? (
        <Nothing text={t(`day.flow.empty.${range}`)} />
      ) : (
        <div ref={place}>
          <Chart option={option} label={t('day.flow.label')} height={height} table={table} />
        </div>
      )}
      {shown.incomplete && shown.links.length > 0 && (
        <p className="panel-note is-incomplete">{t('day.flow.incomplete')}</p>
      )}
    </section>
  )
}
