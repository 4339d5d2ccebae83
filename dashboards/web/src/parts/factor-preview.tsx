import { memo, useState, type ReactNode } from 'react'
import { Segmented, Select, Table, type TableColumnsType } from 'antd'
import {
  restatementPreview,
  type FactorsAnswer,
  type RestatementPreview,
} from '#dashboards/api/factor-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { percentText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { isNewValue, NewValueInput, PreviewPanel } from './preview-panel.tsx'
import { isKnown, previewSums } from '#dashboards/web/src/preview-sums.ts'

type Month = RestatementPreview['months'][number]

/** Months as they are posted and as they would be. */
export function RestatedMonths({ preview }: { preview: RestatementPreview }): ReactNode {
  const { t, locale } = useSpeech()
  const tonnes = (text: string | null): ReactNode => (
    <span className="number">{text === null ? '—' : tonnesText(text, locale)}</span>
  )
  const { before, after, change, restated, closed } = previewSums(preview.months)
  const sumText = (sum: number | undefined): string =>
    sum === undefined ? '—' : tonnesText(String(sum), locale)
  const columns: TableColumnsType<Month> = [
    {
      title: t('account.month'),
      key: 'month',
      render: (_, { month }) => <span className="number">{month}</span>,
    },
    { title: t('factors.before'), key: 'before', align: 'right', render: (_, month) => tonnes(month.before) },
    { title: t('factors.after'), key: 'after', align: 'right', render: (_, month) => tonnes(month.after) },
    {
      title: t('factors.change'),
      key: 'change',
      align: 'right',
      render: (_, month) =>
        isKnown(month) ? tonnes((Number(month.after) - Number(month.before)).toFixed(6)) : '—',
    },
    {
      title: t('factors.what'),
      key: 'what',
      render: (_, { closed, restated }) =>
        closed ? t('factors.closed') : t('factors.restated', { count: restated }),
    },
  ]
  return (
    <>
      <p data-testid="preview-sum">
        {t('factors.sum', {
          before: sumText(before),
          after: sumText(after),
          share: change === undefined ? '—' : percentText(change, locale),
          restated,
          closed,
        })}
      </p>
      <Table<Month>
        columns={columns}
        dataSource={preview.months.filter((month) => month.before !== null || month.after !== null)}
        rowKey="month"
        size="small"
        pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
      />
    </>
  )
}

type FactorRow = FactorsAnswer['factors'][number]
type Part = FactorRow['values'][number]

/** A part of a factor by which postings are computed, as one choice. */
const partKey = ({ code }: FactorRow, { what }: Part): string => `${code} ${what}`

function Preview({ answer }: { answer: FactorsAnswer }): ReactNode {
  const { t, nameOf } = useSpeech()
  const [chosen, setChosen] = useState(answer.accounts[0]?.account)
  const [isValue, setIsValue] = useState(false)
  const [year, setYear] = useState<number>()
  const [partName, setPartName] = useState<string>()
  const [value, setValue] = useState('')
  const account = answer.accounts.find((each) => each.account === chosen)
  const years = answer.factors
    .filter(
      ({ kind, region, family }) =>
        kind === 'electricity' &&
        region === account?.electricityRegion &&
        family === account.electricitySeries,
    )
    .flatMap((row) => (row.year === null ? [] : [row.year]))
  // Standard coal is in no posting: it is the energy statistics that count by it.
  const parts = answer.factors
    .filter(({ kind }) => kind !== 'standard-coal')
    .flatMap((row) => row.values.map((part) => ({ row, part, key: partKey(row, part) })))
  const part = parts.find(({ key }) => key === partName)
  const query = isValue
    ? part !== undefined && isNewValue(value)
      ? `factor=${encodeURIComponent(part.row.code)}&part=${part.part.what}&value=${value}`
      : undefined
    : year !== undefined && years.includes(year)
      ? `electricityYear=${year}`
      : undefined
  const path =
    account === undefined || query === undefined
      ? undefined
      : `api/v1/accounts/${account.account}/restatement-preview?${query}`
  const preview = useAnswer(restatementPreview, path, 0)
  if (account === undefined) return null
  return (
    <PreviewPanel
      testId="preview"
      title={'factors.preview'}
      note={'factors.previewNote'}
      isAsked={path !== undefined}
      answer={preview}
      choices={
        <>
          <Select
            aria-label={t('account.whose')}
            style={{ minWidth: 180 }}
            value={account.account}
            onChange={setChosen}
            options={answer.accounts.map((each) => ({ value: each.account, label: nameOf(each.name) }))}
          />
          <Segmented<boolean>
            aria-label={t('factors.change')}
            value={isValue}
            onChange={setIsValue}
            options={[
              { value: false, label: t('factors.changeYear') },
              { value: true, label: t('factors.changeValue') },
            ]}
          />
          {isValue ? (
            <>
              <Select
                aria-label={t('factors.chosenFactor')}
                placeholder={t('factors.chosenFactor')}
                showSearch
                style={{ minWidth: 280 }}
                value={partName ?? null}
                onChange={(key) => {
                  setPartName(key)
                  setValue(parts.find((each) => each.key === key)?.part.value ?? '')
                }}
                options={parts.map(({ key, row, part }) => ({
                  value: key,
                  label: `${row.code} · ${part.what === 'value' ? t('factor.emission') : t(`factor.${part.what}`)}`,
                }))}
              />
              <NewValueInput
                label={'factors.newValue'}
                unit={part?.part.unit}
                value={value}
                onChange={setValue}
              />
            </>
          ) : (
            <Select<number>
              aria-label={t('factors.chosenYear')}
              placeholder={t('factors.chosenYear')}
              style={{ minWidth: 180 }}
              value={year ?? null}
              onChange={setYear}
              options={[...new Set(years)].map((each) => ({
                value: each,
                label: t('factors.ofYear', { year: each }),
              }))}
            />
          )}
        </>
      }
    >
      {(found) => <RestatedMonths preview={found} />}
    </PreviewPanel>
  )
}

/** What another factor would restate; nothing is written. */
export const FactorPreview = memo(Preview)
