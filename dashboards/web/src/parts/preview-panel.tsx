import type { ReactNode } from 'react'
import { Input } from 'antd'
import type { Fetched } from '#dashboards/web/src/answers.ts'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { writtenUnit } from '#dashboards/web/src/numbers.ts'
import { FieldFault } from './named-field.tsx'
import { NotRead } from './not-read.tsx'

/** A positive number as a decimal text. */
const valueShape = /^(?=.*[1-9])\d{1,9}(\.\d{1,12})?$/

/** True for a text with which a change can be asked for. */
export const isNewValue = (text: string): boolean => valueShape.test(text)

interface NewValueInputProps {
  readonly label: TextKey
  readonly unit: string | undefined
  readonly value: string
  readonly onChange: (value: string) => void
}

/** Where a person writes what the value would be. */
export function NewValueInput({ label, unit, value, onChange }: NewValueInputProps): ReactNode {
  const { t } = useSpeech()
  const isWrong = value !== '' && !isNewValue(value)
  return (
    <span className="value-field">
      <Input
        aria-label={t(label)}
        placeholder={t(label)}
        style={{ width: 220 }}
        suffix={unit === undefined ? undefined : writtenUnit(unit)}
        status={isWrong ? 'error' : ''}
        value={value}
        onChange={({ target }) => onChange(target.value.trim())}
      />
      <FieldFault text={isWrong ? t('dialog.positive') : undefined} />
    </span>
  )
}

interface PreviewPanelProps<T> {
  readonly testId: string
  readonly title: TextKey
  readonly note: TextKey
  readonly choices: ReactNode
  /** False until enough is chosen to be asked for. */
  readonly isAsked: boolean
  readonly answer: Fetched<T>
  readonly children: (preview: T) => ReactNode
}

/** What something would be if another value held: the choices, and what they come to. Nothing is written. */
export function PreviewPanel<T>(given: PreviewPanelProps<T>): ReactNode {
  const { t } = useSpeech()
  const { data, failed, failure } = given.answer
  return (
    <section className="panel" data-testid={given.testId}>
      <div className="panel-head">
        <h2>{t(given.title)}</h2>
        <div className="page-choices">{given.choices}</div>
      </div>
      <p className="panel-note">{t(given.note)}</p>
      <NotRead why={failure} />
      {given.isAsked && data === undefined && !failed && <p>{t('report.loading')}</p>}
      {data !== undefined && given.children(data)}
    </section>
  )
}
