import { memo, useState, type ReactNode } from 'react'
import { Input, Select, Table, type TableColumnsType } from 'antd'
import { targetsView, type TargetView } from '#accounts/targets/target-view.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { percentText, valueText } from '#dashboards/web/src/numbers.ts'
import { targetTitle, unitText } from '#dashboards/web/src/target-text.ts'
import { FieldFault } from './named-field.tsx'
import { NotRead } from './not-read.tsx'

/** A positive number as a decimal text. */
const limitShape = /^(?=.*[1-9])\d{1,12}(\.\d{1,9})?$/

interface Line {
  readonly name: string
  readonly before: string
  readonly after: string
}

/** What a limit decides, in words, one after another. */
function textsOf({ limit, status, unit }: TargetView, speech: Speech): string[] {
  const { locale, nameOf } = speech
  const number = (value: string | null | undefined): string =>
    value === null || value === undefined ? '—' : valueText(Number(value), locale)
  const { left, pace, grade, gradeAtLow, gradeAtHigh } = status ?? {}
  const named = (each: typeof grade): string =>
    each === null || each === undefined ? '—' : nameOf(each.name)
  return [
    `${number(limit)} ${unitText(unit, speech)}`,
    number(left),
    pace === null || pace === undefined ? '—' : percentText(pace.ratio, locale),
    named(grade),
    gradeAtLow === null || gradeAtLow === undefined ? '—' : `${named(gradeAtLow)} … ${named(gradeAtHigh)}`,
  ]
}

/** Where a target would stand with another limit; nothing is written. */
function Preview({ targets }: { targets: readonly TargetView[] }): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const [chosen, setChosen] = useState<string>()
  const [limit, setLimit] = useState('')
  const target = targets.find(({ id }) => id === chosen)
  const isWrong = limit !== '' && !limitShape.test(limit)
  const path =
    target === undefined || limit === '' || isWrong
      ? undefined
      : `api/v1/accounts/${target.account}/targets/${target.id}/preview?limit=${limit}`
  const { data, failure } = useAnswer(targetsView, path, 0)
  const after = data?.targets[0]
  const names = [
    t('targets.limit', { year: target?.year ?? '' }),
    t('targets.left'),
    t('targets.pace'),
    t('targets.grade'),
    t('targets.gradeInBand'),
  ]
  const texts =
    target === undefined || after === undefined ? [] : [target, after].map((each) => textsOf(each, speech))
  const lines = names.map((name, index): Line => ({
    name,
    before: texts[0]?.[index] ?? '—',
    after: texts[1]?.[index] ?? '—',
  }))
  const columns: TableColumnsType<Line> = [
    { title: '', dataIndex: 'name' },
    { title: t('targets.now'), dataIndex: 'before', align: 'right', className: 'number' },
    { title: t('targets.then'), dataIndex: 'after', align: 'right', className: 'number' },
  ]
  return (
    <section className="panel" data-testid="target-preview">
      <div className="panel-head">
        <h2>{t('targets.preview')}</h2>
        <div className="page-choices">
          <Select
            aria-label={t('targets.chosen')}
            placeholder={t('targets.chosen')}
            style={{ minWidth: 260 }}
            value={chosen ?? null}
            onChange={(id) => {
              setChosen(id)
              setLimit(targets.find((each) => each.id === id)?.limit ?? '')
            }}
            options={targets.map((each) => ({
              value: each.id,
              label: `${nameOf(each.name)} · ${targetTitle(each, speech)} ${each.year}`,
            }))}
          />
          <span className="value-field">
            <Input
              aria-label={t('targets.newLimit')}
              placeholder={t('targets.newLimit')}
              style={{ width: 220 }}
              suffix={target === undefined ? '' : unitText(target.unit, speech)}
              status={isWrong ? 'error' : ''}
              value={limit}
              onChange={({ target: field }) => setLimit(field.value.trim())}
            />
            <FieldFault text={isWrong ? t('dialog.positive') : undefined} />
          </span>
        </div>
      </div>
      <p className="panel-note">{t('targets.previewNote')}</p>
      <NotRead why={failure} />
      {texts.length > 0 && (
        <Table<Line>
          columns={columns}
          dataSource={lines}
          rowKey="name"
          size="small"
          pagination={false}
          scroll={{ x: 'max-content' }}
        />
      )}
    </section>
  )
}

/** What another limit would say of a target. */
export const TargetPreview = memo(Preview)
