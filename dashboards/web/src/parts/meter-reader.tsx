import type { ReactNode } from 'react'
import { badCauses } from '#contract/reading.ts'
import { meterReader } from '#dashboards/api/meter-care-shapes.ts'
import type { LiveGateway, ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { percentText } from '#dashboards/web/src/numbers.ts'
import { Age } from './age.tsx'
import { Verbatim } from './verbatim.tsx'
import { NotRead } from './not-read.tsx'

interface MeterReaderProps {
  readonly meter: string
  readonly park: ParkTree
  readonly gateways: readonly LiveGateway[]
  readonly refresh: number
}

/** Who reads a meter and how well: its gateway, its line, and what became of the polls that were due. */
export function MeterReader({ meter, park, gateways, refresh }: MeterReaderProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { data, failure } = useAnswer(meterReader, `api/meters/${meter}/reader`, refresh)
  const described = park.gateways.find(({ id }) => id === data?.gateway)
  const gateway = gateways.find((each) => each.gateway === data?.gateway)
  const share = (part: number, whole: number): string =>
    whole === 0 ? '—' : `${part.toLocaleString(locale)} (${percentText(part / whole, locale)})`

  const lines: [string, ReactNode][] = []
  if (data !== undefined && described !== undefined) {
    lines.push([
      t('reader.gateway'),
      <span key="gateway">
        {nameOf(described.name)}{' '}
        {gateway !== undefined && (
          <span className={`badge is-${gateway.state}`}>{t(`gateway.${gateway.state}`)}</span>
        )}
      </span>,
    ])
    if (data.saidMs !== null) lines.push([t('reader.said'), <Age key="said" atMs={data.saidMs} />])
    const { line, bus } = data
    if (line !== null) {
      const { slots, cause } = line
      lines.push([t('reader.state'), t(`readerState.${line.state}`)])
      if (cause !== undefined) lines.push([t('reader.cause'), nameOf(badCauses[cause])])
      if (slots !== undefined) {
        const due = slots.read + slots.failed + slots.missed + slots.held
        lines.push(
          [t('reader.wanted'), slots.wanted.toLocaleString(locale)],
          [t('reader.read'), share(slots.read, due)],
          [t('reader.failed'), share(slots.failed, due)],
          [t('reader.missed'), share(slots.missed, due)],
          [t('reader.held'), share(slots.held, due)],
        )
      }
    }
    if (bus !== null) {
      lines.push(
        [t('reader.bus'), <Verbatim key="bus">{bus.bus}</Verbatim>],
        [t('reader.lineUse'), bus.observedMs === 0 ? '—' : percentText(bus.busyMs / bus.observedMs, locale)],
        [t('reader.unanswered'), share(bus.unanswered, bus.requests)],
      )
    }
  }
  return (
    <section className="panel" data-testid="reader">
      <h2>
        {t('reader.title')} <small>{t('reader.since')}</small>
      </h2>
      <NotRead why={failure} inPanel />
      {data !== undefined && data.gateway === null && <p>{t('reader.nobody')}</p>}
      {data !== undefined && data.gateway !== null && data.line === null && (
        <p className="is-incomplete">{t('reader.notSaid')}</p>
      )}
      <dl className="facts">
        {lines.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="number">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
