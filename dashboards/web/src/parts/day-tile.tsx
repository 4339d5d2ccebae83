import type { ReactNode } from 'react'
import type { DayView } from '#dashboards/api/day-shapes.ts'
import { tonnesOf } from '#dashboards/web/src/day.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { minuteText, percentText, valueText } from '#dashboards/web/src/numbers.ts'
import { dayTrace } from '#dashboards/web/src/trace-paths.ts'
import { Tile } from './tile.tsx'

type Which = DayView['stretches'][number]['which']

/** Beside the same hours of another day; nothing is said of a day that is not known in full. */
function Compared({ day, which }: { day: DayView; which: Exclude<Which, 'today'> }): ReactNode {
  const { t, locale } = useSpeech()
  const of = (name: Which): ReturnType<typeof tonnesOf> =>
    tonnesOf(day.stretches.find((stretch) => stretch.which === name))
  const [now, before] = [of('today'), of(which)]
  const name = t(`day.${which}`)
  if (now === undefined || before === undefined || before.incomplete || now.incomplete || before.tCo2 <= 0)
    return <span>{t('day.unknown', { which: name })}</span>
  const change = (now.tCo2 - before.tCo2) / before.tCo2
  const share = percentText(Math.abs(change), locale)
  const [text, tone] =
    Math.abs(change) < 0.0005
      ? [t('day.same'), '']
      : change > 0
        ? [t('day.more', { share }), 'is-more']
        : [t('day.less', { share }), 'is-less']
  return (
    <span>
      {name} <span className={tone}>{text}</span>
    </span>
  )
}

/** CO2 of the day so far, beside the same hours of yesterday and of a week ago. */
export function DayTile({ day, traced }: { day: DayView; traced: boolean }): ReactNode {
  const { t, locale } = useSpeech()
  const timeZone = useTimeZone()
  const today = day.stretches.find(({ which }) => which === 'today')
  const tonnes = tonnesOf(today)
  return (
    <Tile
      name={t('day.co2')}
      testId="tile-co2"
      value={tonnes === undefined ? '—' : valueText(tonnes.tCo2, locale)}
      unit={t('unit.tCo2')}
      trace={traced ? dayTrace(day.date) : undefined}
    >
      {today === undefined || tonnes === undefined ? (
        <span>{t('day.co2.none')}</span>
      ) : (
        <>
          <span>{t('day.co2.note', { time: minuteText(today.toMs, locale, timeZone) })}</span>
          {tonnes.incomplete && <span className="is-incomplete">{t('day.incomplete')}</span>}
          <span className="compared">
            <Compared day={day} which="yesterday" />
            <Compared day={day} which="weekBefore" />
          </span>
        </>
      )}
    </Tile>
  )
}
