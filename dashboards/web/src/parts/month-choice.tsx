import type { ReactNode } from 'react'
import { monthAfter } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'

interface MonthChoiceProps {
  readonly month: string
  /** The last month that can be chosen. */
  readonly last: string
  readonly onChange: (month: string) => void
}

/** A month of the calendar, with the one before and the one after it. */
export function MonthChoice({ month, last, onChange }: MonthChoiceProps): ReactNode {
  const { t } = useSpeech()
  return (
    <span className="day-choice">
      <button type="button" aria-label={t('month.before')} onClick={() => onChange(monthAfter(month, -1))}>
        ‹
      </button>
      <input
        type="month"
        aria-label={t('month.choose')}
        value={month}
        max={last}
        onChange={({ target }) => {
          if (/^\d{4}-\d{2}$/.test(target.value) && target.value <= last) onChange(target.value)
        }}
      />
      <button
        type="button"
        aria-label={t('month.after')}
        disabled={month >= last}
        onClick={() => onChange(monthAfter(month, 1))}
      >
        ›
      </button>
    </span>
  )
}
