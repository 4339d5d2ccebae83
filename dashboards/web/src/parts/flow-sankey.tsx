import { useContext, useMemo, type ReactNode } from 'react'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useNarrow } from '#dashboards/web/src/narrow.ts'
import { placesText } from '#dashboards/web/src/numbers.ts'
import { foldFlow, type DrawnFlow, type DrawnNode } from '#dashboards/web/src/flow-fold.ts'
import { flowTip } from '#dashboards/web/src/flow-tip.ts'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { carrierColours, enterpriseColour, restColour } from '#dashboards/web/src/palette.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { ChartScaleContext } from './chart-scale.ts'
import { Chart, type ChartOption, type ChartTable } from './chart.tsx'
import { Nothing } from './nothing.tsx'

const HEIGHT_PX_MIN = 300
/** A line of the smallest node: its label, which must not meet the next one. */
const ROW_PX = 20
/** More lines than these are a list and no picture. */
const ROWS_MAX = 24
const ACCOUNTS_MAX = 14
const ink = {
  light: { label: '#42526b', value: '#17263c', ground: '#fff' },
  dark: { label: '#c9d5e6', value: '#fff', ground: '#122036' },
} as const

/** Energy has the colour of its carrier, a user that of its enterprise. */
function colourOf(node: DrawnNode, park: ParkTree, look: Look): string {
  if (node.kind === 'rest' || node.kind === 'others') return restColour
  if (node.kind === 'item') return node.carrier === null ? restColour : carrierColours[node.carrier]
  return enterpriseColour(park.enterprises, node.id.split(' ')[1], look)
}

interface Picture {
  readonly flow: DrawnFlow
  readonly park: ParkTree
  readonly look: Look
  /** Between two nodes, in pixels. */
  readonly gapPx: number
  /** On a phone there is no room for figures between the levels. */
  readonly isNarrow: boolean
}

function optionOf(
  { flow, park, look, gapPx, isNarrow }: Picture,
  { t, locale, nameOf }: Speech,
): ChartOption {
  const names = new Map(
    flow.nodes.map((node) => [
      node.id,
      node.kind === 'others' ? t(`day.flow.others.${node.of}`, { count: node.count }) : nameOf(node.name),
    ]),
  )
  const nameAt = (id: unknown): string => names.get(String(id)) ?? String(id)
  const tonnes = (value: unknown): string => `${placesText(Number(value), locale)} tce`
  return {
    animation: false,
    tooltip: {
      formatter: (given) => {
        const { data, name, value } = Array.isArray(given) ? (given[0] ?? {}) : given
        const ends = typeof data === 'object' && data !== null && 'source' in data && 'target' in data
        const named = ends ? [data['source'], data['target']] : [name]
        return flowTip(named.map(nameAt), tonnes(value))
      },
    },
    series: [
      {
        type: 'sankey',
        left: 8,
        right: isNarrow ? 128 : 190,
        // Below the button of the table, which a name beside it would meet on a phone.
        top: isNarrow ? 28 : 8,
        bottom: 8,
        nodeAlign: 'left',
        nodeGap: gapPx,
        labelLayout: { hideOverlap: true },
        nodeWidth: 12,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        levels: isNarrow
          ? [1].map((depth) => ({ depth, label: { formatter: ({ name }) => nameAt(name) } }))
          : [],
        lineStyle: { color: 'gradient', opacity: 0.35 },
        label: {
          color: ink[look].label,
          // What flows behind a name must not strike it through.
          textBorderColor: ink[look].ground,
          textBorderWidth: 3,
          formatter: ({ name, value }) => `${nameAt(name)}  {value|${placesText(Number(value), locale)}}`,
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
          itemStyle: { color: colourOf(node, park, look) },
        })),
        links: flow.links.map(({ from, to, tce }) => ({ source: from, target: to, value: tce })),
      },
    ],
  }
}

/** As many lines as a height that is given has room for, or as high as its lines need. */
function useDrawn(
  flow: DayView['flow'],
  given: number | undefined,
): Omit<Picture, 'park' | 'look'> & { height: number } {
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
}

/** Energy of the day from its carriers to those who use it. */
export function FlowSankey({ day, height: given }: FlowSankeyProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const { look } = useLook()
  const park = useParkTree()
  const { flow, height, gapPx, isNarrow } = useDrawn(day.flow, given)
  const option = useMemo(
    () => optionOf({ flow, park, look, gapPx, isNarrow }, speech),
    [flow, park, look, gapPx, isNarrow, speech],
  )
  const table = (): ChartTable => {
    const names = new Map(day.flow.nodes.map(({ id, name }) => [id, speech.nameOf(name)]))
    return {
      head: [t('day.flow.from'), t('day.flow.to'), 'tce'],
      rows: day.flow.links.map(({ from, to, tce }) => [
        names.get(from) ?? from,
        names.get(to) ?? to,
        placesText(tce, speech.locale),
      ]),
    }
  }
  return (
    <section className="panel" data-testid="flow">
      <h2>
        {t('day.flow')} <small>{t('day.flow.unit')}</small>
      </h2>
      {day.flow.links.length === 0 ? (
        <Nothing text={t('day.flow.empty')} />
      ) : (
        <Chart option={option} label={t('day.flow.label')} height={height} table={table} />
      )}
    </section>
  )
}
