import type { ReactNode } from 'react'
import { Link } from 'wouter'
import '#dashboards/web/src/operations.css'
import { alarmCount } from '#dashboards/api/alarm-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'

const REFRESH_MS = 15_000

/** How many alarms hold: in the header of every page, red while nobody has acknowledged one. */
export function AlarmBadge(): ReactNode {
  const { t } = useSpeech()
  const { nowMs, live } = useFiveSeconds()
  const { data } = useAnswer(alarmCount, 'api/alarms/count', live ? Math.floor(nowMs / REFRESH_MS) : 'broken')
  if (data === undefined || data.standing === 0) return null
  const text = t('alarm.badge', { standing: data.standing, unacknowledged: data.unacknowledged })
  return (
    <Link
      href="/alarms"
      className={data.unacknowledged > 0 ? 'alarm-badge is-new' : 'alarm-badge'}
      aria-label={text}
      title={text}
      data-testid="alarm-badge"
    >
      {data.standing}
    </Link>
  )
}
