import type { ReactNode } from 'react'
import { Skeleton } from 'antd'
import { enterpriseProfile, type EnterpriseProfile } from '#dashboards/api/enterprise-shapes.ts'
import { SETTLE_MS } from '#contract/grid.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { minuteText, valueText } from '#dashboards/web/src/numbers.ts'
import { HeatTable, type HeatCell } from './heat-table.tsx'
import { Nothing } from './nothing.tsx'
import { NotRead } from './not-read.tsx'

const REFRESH_MS = 300_000
const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))

/** By ISO number, Monday first. */
const weekdays = [
  'weekday.1',
  'weekday.2',
  'weekday.3',
  'weekday.4',
  'weekday.5',
  'weekday.6',
  'weekday.7',
] as const

/** The most of an hour: what the strongest colour stands for. */
function mostOf({ days }: EnterpriseProfile): number {
  const all = days.flatMap((day) => day.hours.flatMap((hour) => (hour === null ? [] : Number(hour))))
  return Math.max(0, ...all)
}

interface Row {
  readonly key: string
  readonly name: string
  readonly cells: readonly HeatCell[]
}

/** An hour that is not over yet, `YYYY-MM-DD HH` or later than `now`, is left blank: it cannot be missing. */
function rowsOf({ days, unit }: EnterpriseProfile, most: number, { t, locale }: Speech, now: string): Row[] {
  return days.map(({ date, weekday, hours: energies }) => ({
    key: date,
    name: `${date.slice(5)} ${t(weekdays[weekday - 1] ?? 'weekday.7')}`,
    cells: energies.map((energy, hour) => {
      const when = `${date} ${hours[hour]}:00`
      if (energy === null && `${date} ${hours[hour]}` >= now) return { strength: undefined, text: when }
      if (energy === null) return { strength: null, text: `${when} ${t('slot.missing')}` }
      const value = Number(energy)
      return {
        strength: most === 0 ? 0 : Math.max(0, value / most),
        text: `${when} ${valueText(value, locale)} ${unit}`,
      }
    }),
  }))
}

interface EnterpriseProfilePanelProps {
  readonly enterprise: string
  readonly carrier: string
  readonly month: string
}

/** Hour × day of a month: when energy is used. */
export function EnterpriseProfilePanel(props: EnterpriseProfilePanelProps): ReactNode {
  const { enterprise, carrier, month } = props
  const speech = useSpeech()
  const { t, locale } = speech
  const { nowMs, timeZone } = useMinute()
  // An hour is whole some minutes after its end.
  const now = `${dayOf(nowMs - SETTLE_MS, timeZone)} ${minuteText(nowMs - SETTLE_MS, 'sv', timeZone).slice(0, 2)}`
  const answer = useAnswer(
    enterpriseProfile,
    `api/enterprises/${enterprise}/profile?month=${month}&carrier=${carrier}`,
    Math.floor(nowMs / REFRESH_MS),
  )
  const { data } = answer
  const most = data === undefined ? 0 : mostOf(data)
  return (
    <section className="panel" data-testid="enterprise-profile">
      <h2>
        {t('enterprise.profile')} <small>{t('enterprise.profileNote', { unit: data?.unit ?? '…' })}</small>
      </h2>
      <NotRead why={answer.failure} inPanel />
      {data === undefined ? (
        !answer.failed && <Skeleton active />
      ) : data.days.length === 0 ? (
        <Nothing text={t('trend.empty')} />
      ) : (
        <HeatTable
          label={t('enterprise.profile')}
          columns={hours}
          rows={rowsOf(data, most, speech, now)}
          {...(most > 0 ? { ends: ['0', `${valueText(most, locale)} ${data.unit}`] as const } : {})}
        />
      )}
    </section>
  )
}
