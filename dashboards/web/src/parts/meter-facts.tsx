import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { carriers } from '#contract/carriers.ts'
import { balanceRoles } from '#contract/park.ts'
import type { MeterDetail, ParkTree } from '#dashboards/api/shapes.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { rateUnit, valueText } from '#dashboards/web/src/numbers.ts'
import { Verbatim } from './verbatim.tsx'

/** What is fixed of a meter. */
export function MeterFactList({ park, detail }: { park: ParkTree; detail: MeterDetail }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const { facts } = detail
  const gateway = park.gateways.find(({ id }) => id === facts.gateway)
  const upstream = facts.upstream === null ? undefined : meterNames(park).get(facts.upstream)
  const lines: [string, ReactNode][] = [
    [t('drawer.id'), <Verbatim key="id">{facts.id}</Verbatim>],
    [t('drawer.carrier'), nameOf(carriers[facts.carrier])],
    [t('drawer.role'), nameOf(balanceRoles[facts.role])],
    [t('drawer.gateway'), gateway === undefined ? (facts.gateway ?? '—') : nameOf(gateway.name)],
    [
      t('drawer.upstream'),
      facts.upstream === null ? (
        '—'
      ) : (
        <Link key="upstream" href={`/meters/${facts.upstream}`}>
          {nameOf(upstream ?? { zh: facts.upstream, en: facts.upstream })}
        </Link>
      ),
    ],
    [t('drawer.rating'), `${valueText(detail.ratingPerHour, locale)} ${rateUnit(facts.register.unit)}`],
    [t('drawer.installed'), dayOf(detail.installedMs, timeZone)],
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
