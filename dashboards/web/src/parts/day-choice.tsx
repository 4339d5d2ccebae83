import type { ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { dayAfter } from '#dashboards/web/src/days.ts'

interface DayChoiceProps {
  readonly day: string
  /** The last day that can be chosen. */
  readonly last: string
  readonly onChange: (day: string) => void
}

/** A day of the calendar, with the one before and the one after it. */
export function DayChoice({ day, last, onChange }: DayChoiceProps): ReactNode {
  const { t } = useSpeech()
  return (
    <span className="day-choice">
      <button type="button" aria-label={t('day.before')} onClick={() => onChange(dayAfter(day, -1))}>
        ‹
      </button>
      <input
        type="date"
        aria-label={t('day.choose')}
        value={day}
        max={last}
        onChange={({ target }) => {
          if (/^\d{4}-\d{2}-\d{2}$/.test(target.value) && target.value <= last) onChange(target.value)
        }}
      />
      <button
        type="button"
        aria-label={t('day.after')}
        disabled={day >= last}
        onClick={() => onChange(dayAfter(day, 1))}
      >
        ›
      </button>
    </span>
  )
}
