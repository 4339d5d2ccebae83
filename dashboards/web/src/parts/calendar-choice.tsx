import type { ReactNode } from 'react'
import { Button, DatePicker } from 'antd'
import dayjs from 'dayjs'
import { useSpeech, type Language } from '#dashboards/web/src/language.tsx'
import './calendar-choice.css'

type Part = 'date' | 'month'

/** As the API names them. */
const named: Readonly<Record<Part, string>> = { date: 'YYYY-MM-DD', month: 'YYYY-MM' }
/** As they are read; what the API says can be typed as well. */
const read: Readonly<Record<Language, Readonly<Record<Part, string>>>> = {
  zh: { date: 'YYYY-MM-DD', month: 'YYYY年M月' },
  en: { date: 'YYYY-MM-DD', month: 'MMM YYYY' },
}

interface CalendarChoiceProps {
  readonly part: Part
  /** By its name in the API. */
  readonly value: string
  /** The last that can be chosen: the present one in the park. */
  readonly last: string
  readonly step: (value: string, by: number) => string
  readonly onChange: (value: string) => void
  readonly texts: { readonly before: string; readonly choose: string; readonly after: string }
}

/**
 * A day or month of the park's calendar, in the language of the page: chosen, typed, or one further. The browser's own
 * fields would speak the browser's language, and their today would be that of its clock.
 */
export function CalendarChoice(props: CalendarChoiceProps): ReactNode {
  const { part, value, last, step, onChange, texts } = props
  const { language } = useSpeech()
  return (
    <span className="calendar-choice">
      <Button aria-label={texts.before} onClick={() => onChange(step(value, -1))}>
        ‹
      </Button>
      <DatePicker
        aria-label={texts.choose}
        picker={part}
        value={dayjs(value)}
        maxDate={dayjs(last)}
        format={[read[language][part], named[part]]}
        allowClear={false}
        // The last one is today in the park; the browser's own today may be another.
        showNow={false}
        cellRender={(cell, { originNode, type }) =>
          type === part && dayjs(cell).format(named[part]) === last ? (
            <div className="is-present">{originNode}</div>
          ) : (
            originNode
          )
        }
        onChange={(chosen) => {
          if (chosen !== null) onChange(chosen.format(named[part]))
        }}
      />
      <Button aria-label={texts.after} disabled={value >= last} onClick={() => onChange(step(value, 1))}>
        ›
      </Button>
    </span>
  )
}
