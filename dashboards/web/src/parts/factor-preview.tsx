import { memo, useState, type ReactNode } from 'react'
import { Alert, Select, Table, type TableColumnsType } from 'antd'
import {
  restatementPreview,
  type FactorsAnswer,
  type RestatementPreview,
} from '#dashboards/api/factor-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { percentText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { isKnown, previewSums } from '#dashboards/web/src/preview-sums.ts'

type Month = RestatementPreview['months'][number]

function Months({ preview }: { preview: RestatementPreview }): ReactNode {
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

function Preview({ answer }: { answer: FactorsAnswer }): ReactNode {
  const { t, nameOf } = useSpeech()
  const [chosen, setChosen] = useState(answer.accounts[0]?.account)
  const [year, setYear] = useState<number>()
  const account = answer.accounts.find((each) => each.account === chosen)
  const years = answer.factors
    .filter(
      ({ kind, region, family }) =>
        kind === 'electricity' &&
        region === account?.electricityRegion &&
        family === account.electricitySeries,
    )
    .flatMap((row) => (row.year === null ? [] : [row.year]))
  const path =
    account === undefined || year === undefined || !years.includes(year)
      ? undefined
      : `api/v1/accounts/${account.account}/restatement-preview?electricityYear=${year}`
  const { data, failed } = useAnswer(restatementPreview, path, 0)
  if (account === undefined) return null
  return (
    <section className="panel" data-testid="preview">
      <div className="panel-head">
        <h2>{t('factors.preview')}</h2>
        <div className="page-choices">
          <Select
            aria-label={t('account.whose')}
            style={{ minWidth: 180 }}
            value={account.account}
            onChange={setChosen}
            options={answer.accounts.map((each) => ({ value: each.account, label: nameOf(each.name) }))}
          />
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
        </div>
      </div>
      <p className="panel-note">{t('factors.previewNote')}</p>
      {failed && <Alert type="warning" showIcon title={t('failed.detail')} />}
      {path !== undefined && data === undefined && !failed && <p>{t('report.loading')}</p>}
      {data !== undefined && <Months preview={data} />}
    </section>
  )
}

/** What the electricity factor of another year would restate; nothing is written. */
export const FactorPreview = memo(Preview)
