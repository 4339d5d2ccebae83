import type { ReactNode } from 'react'
import { carriers } from '#contract/carriers.ts'
import { balanceRoles } from '#contract/park.ts'
import type { MeterDetail, ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent } from '#dashboards/web/src/live.ts'
import { dateText, valueText } from '#dashboards/web/src/numbers.ts'

/** What is fixed of a meter. */
export function MeterFactList({ park, detail }: { park: ParkTree; detail: MeterDetail }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { timeZone } = usePresent()
  const { facts } = detail
  const gateway = park.gateways.find(({ id }) => id === facts.gateway)
  const lines: [string, string][] = [
    [t('drawer.id'), facts.id],
    [t('drawer.carrier'), nameOf(carriers[facts.carrier])],
    [t('drawer.role'), nameOf(balanceRoles[facts.role])],
    [t('drawer.gateway'), gateway === undefined ? (facts.gateway ?? '—') : nameOf(gateway.name)],
    [t('drawer.upstream'), facts.upstream ?? '—'],
    [t('drawer.rating'), `${valueText(detail.ratingPerHour, locale)} ${facts.register.unit}/h`],
    [t('drawer.installed'), dateText(detail.installedMs, locale, timeZone)],
  ]
  return (
    <dl className="facts">
      {lines.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}
