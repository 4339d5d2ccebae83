import type { ReactNode } from 'react'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useLook } from '#dashboards/web/src/look.tsx'
import { percentText, valueText } from '#dashboards/web/src/numbers.ts'
import { carrierColours, enterpriseColour, restColour } from '#dashboards/web/src/palette.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { BarList, type Bar } from './bar-list.tsx'
import { Nothing } from './nothing.tsx'

type Links = DayView['flow']['links']

/** Tonnes that flow into what lies behind each node, by the flow's own links. */
function sumBy(links: Links, end: 'from' | 'to'): Map<string, number> {
  const sums = new Map<string, number>()
  for (const link of links) sums.set(link[end], (sums.get(link[end]) ?? 0) + link.tce)
  return sums
}

/** What comes from outside, or from the sun: what is made of something else would count twice. */
function sourcesOf(links: Links): Links {
  const fed = new Set(links.map(({ to }) => to))
  return links.filter(({ from }) => !fed.has(from))
}

/** What is used of which energy today, and who uses it. */
export function DayShares({ day }: { day: DayView }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const park = useParkTree()
  const { look } = useLook()
  const nodes = new Map(day.flow.nodes.map((node) => [node.id, node]))
  const colourOf = (id: string): string => {
    const node = nodes.get(id)
    if (node?.kind === 'account') return enterpriseColour(park.enterprises, id.split(' ')[1], look)
    const carrier = node?.carrier ?? null
    return carrier === null ? restColour : carrierColours[carrier]
  }
  const bars = (sums: Map<string, number>, isShare: boolean): Bar[] => {
    const total = [...sums.values()].reduce((sum, tce) => sum + tce, 0)
    const most = Math.max(...sums.values(), 0)
    return [...sums]
      .toSorted(([, a], [, b]) => b - a)
      .map(([id, tce]) => ({
        key: id,
        name: nameOf(nodes.get(id)?.name ?? { zh: id, en: id }),
        text: isShare
          ? `${percentText(tce / total, locale)} · ${valueText(tce, locale)} tce`
          : `${valueText(tce, locale)} tce`,
        share: tce / (isShare ? total : most),
        colour: colourOf(id),
      }))
  }
  const mix = bars(sumBy(sourcesOf(day.flow.links), 'from'), true)
  const own = `account ${park.id}`
  const users = new Map(
    [...sumBy(day.flow.links, 'to')].filter(([id]) => nodes.get(id)?.kind === 'account' && id !== own),
  )
  return (
    <section className="panel side" data-testid="shares">
      <h2>{t('day.mix')}</h2>
      {mix.length === 0 ? <Nothing text={t('day.flow.empty.day')} /> : <BarList bars={mix} />}
      {users.size > 1 && (
        <>
          <h2>{t('day.ranking')}</h2>
          <BarList bars={bars(users, false)} />
        </>
      )}
      {day.flow.incomplete && <p className="panel-note is-incomplete">{t('day.flow.incomplete')}</p>}
    </section>
  )
}
