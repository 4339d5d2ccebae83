import type { ReactNode } from 'react'
import { dayAfter } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { CalendarChoice } from './calendar-choice.tsx'

interface DayChoiceProps {
  readonly day: string
  /** The last day that can be chosen. */
  readonly last: string
  readonly onChange: (day: string) => void
}

/** A day of the calendar, with the one before and the one after it. */
export function DayChoice({ day, last, onChange }: DayChoiceProps): ReactNode {
  const { t } = useSpeech()
  const texts = { before: t('day.before'), choose: t('day.choose'), after: t('day.after') }
  return (
    <CalendarChoice part="date" value={day} last={last} step={dayAfter} onChange={onChange} texts={texts} />
  )
}
