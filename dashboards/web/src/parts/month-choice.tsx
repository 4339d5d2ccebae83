import type { ReactNode } from 'react'
import { monthAfter } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { CalendarChoice } from './calendar-choice.tsx'

interface MonthChoiceProps {
  readonly month: string
  /** The last month that can be chosen. */
  readonly last: string
  readonly onChange: (month: string) => void
}

/** A month of the calendar, with the one before and the one after it. */
export function MonthChoice({ month, last, onChange }: MonthChoiceProps): ReactNode {
  const { t } = useSpeech()
  const texts = { before: t('month.before'), choose: t('month.choose'), after: t('month.after') }
  return (
    <CalendarChoice
      part="month"
      value={month}
      last={last}
      step={monthAfter}
      onChange={onChange}
      texts={texts}
    />
  )
}
