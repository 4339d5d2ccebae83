import { useMemo, type ReactNode } from 'react'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import type { ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { valueText } from '#dashboards/web/src/numbers.ts'
import { flowTip } from '#dashboards/web/src/flow-tip.ts'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { carrierColours, enterpriseColour, restColour } from '#dashboards/web/src/palette.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { Chart, type ChartOption, type ChartTable } from './chart.tsx'
import { Nothing } from './nothing.tsx'

const HEIGHT_PX = 300
const labelInk = { light: '#42526b', dark: '#c9d5e6' } as const

type Flow = DayView['flow']

/** Energy has the colour of its carrier, a user that of its enterprise. */
function colourOf({ id, kind, carrier }: Flow['nodes'][number], park: ParkTree, look: Look): string {
  if (kind === 'rest') return restColour
  if (kind === 'item') return carrier === null ? restColour : carrierColours[carrier]
  return enterpriseColour(park.enterprises, id.split(' ')[1], look)
}

function optionOf(flow: Flow, park: ParkTree, { locale, nameOf }: Speech, look: Look): ChartOption {
  const names = new Map(flow.nodes.map(({ id, name }) => [id, nameOf(name)]))
  const nameAt = (id: unknown): string => names.get(String(id)) ?? String(id)
  const tonnes = (value: unknown): string => `${valueText(Number(value), locale)} tce`
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
        right: 150,
        top: 8,
        bottom: 8,
        nodeAlign: 'left',
        nodeGap: 12,
        labelLayout: { hideOverlap: true },
        nodeWidth: 12,
        draggable: false,
        emphasis: { focus: 'adjacency' },
        lineStyle: { color: 'gradient', opacity: 0.35 },
        label: { color: labelInk[look], formatter: ({ name }) => nameAt(name) },
        data: flow.nodes.map((node) => ({
          name: node.id,
          itemStyle: { color: colourOf(node, park, look) },
        })),
        links: flow.links.map(({ from, to, tce }) => ({ source: from, target: to, value: tce })),
      },
    ],
  }
}

/** Energy of the day from its carriers to those who use it. */
export function FlowSankey({ day, height = HEIGHT_PX }: { day: DayView; height?: number }): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const { look } = useLook()
  const park = useParkTree()
  const option = useMemo(() => optionOf(day.flow, park, speech, look), [day.flow, park, speech, look])
  const table = (): ChartTable => {
    const names = new Map(day.flow.nodes.map(({ id, name }) => [id, speech.nameOf(name)]))
    return {
      head: [t('day.flow.from'), t('day.flow.to'), 'tce'],
      rows: day.flow.links.map(({ from, to, tce }) => [
        names.get(from) ?? from,
        names.get(to) ?? to,
        valueText(tce, speech.locale),
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
