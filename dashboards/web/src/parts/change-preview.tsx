import { memo, useState, type ReactNode } from 'react'
import { Select, Table, type TableColumnsType } from 'antd'
import { priceParts, pricePart, type PricePart } from '#accounts/tariff/price-change.ts'
import { changePreview, type ChangePreview, type FactorsAnswer } from '#dashboards/api/factor-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { percentText, roundText } from '#dashboards/web/src/numbers.ts'
import { isNewValue, NewValueInput, PreviewPanel } from './preview-panel.tsx'

type Figure = ChangePreview['months'][number]['figures'][number]

interface Line extends Figure {
  readonly month: string
  readonly incomplete: boolean
}

/** Figures of months as they are and as they would be. */
function Lines({ preview }: { preview: ChangePreview }): ReactNode {
  const { t, locale } = useSpeech()
  const lines = preview.months.flatMap(({ month, incomplete, figures }): Line[] =>
    figures
      .filter(({ before, after }) => before !== null || after !== null)
      .map((figure) => ({ month, incomplete, ...figure })),
  )
  const unit = preview.unit === 'CNY' ? t('unit.cny') : t('unit.tce')
  const number = (text: string | null, isPart: boolean): ReactNode => (
    <span className={isPart ? 'number is-incomplete' : 'number'}>
      {text === null ? '—' : `${roundText(text, locale)}${isPart ? '*' : ''}`}
    </span>
  )
  const columns: TableColumnsType<Line> = [
    {
      title: t('account.month'),
      key: 'month',
      render: (_, { month }) => <span className="number">{month}</span>,
    },
    { title: t('preview.figure'), key: 'what', render: (_, { what }) => t(`preview.${what}`) },
    {
      title: t('preview.before', { unit }),
      key: 'before',
      align: 'right',
      render: (_, { before, incomplete }) => number(before, incomplete),
    },
    {
      title: t('preview.after', { unit }),
      key: 'after',
      align: 'right',
      render: (_, { after, incomplete }) => number(after, incomplete),
    },
    {
      title: t('preview.change'),
      key: 'change',
      align: 'right',
      render: (_, { before, after }) => (
        <span className="number">
          {before === null || after === null || Number(before) === 0
            ? '—'
            : percentText(Number(after) / Number(before) - 1, locale)}
        </span>
      ),
    },
  ]
  return (
    <Table<Line>
      columns={columns}
      dataSource={lines}
      rowKey={({ month, what }) => `${month} ${what}`}
      size="small"
      pagination={{ pageSize: 24, hideOnSinglePage: true, showSizeChanger: false }}
      scroll={{ x: 'max-content' }}
    />
  )
}

interface Choice {
  readonly key: string
  readonly label: string
  readonly value: string
  readonly unit: string
}

interface ChangeProps {
  readonly title: TextKey
  readonly note: TextKey
  readonly answer: FactorsAnswer
  readonly whatLabel: TextKey
  readonly choicesOf: (account: FactorsAnswer['accounts'][number]) => readonly Choice[]
  readonly pathOf: (account: string, choice: string, value: string, year: number) => string
}

/** Another value of something, and what an account's figures of a year would be with it; nothing is written. */
function Change({ title, note, answer, whatLabel, choicesOf, pathOf }: ChangeProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  const thisYear = Number(new Intl.DateTimeFormat('en', { year: 'numeric', timeZone }).format(nowMs))
  const [chosen, setChosen] = useState(answer.accounts[0]?.account)
  const [year, setYear] = useState(thisYear)
  const [what, setWhat] = useState<string>()
  const [value, setValue] = useState('')
  const account = answer.accounts.find((each) => each.account === chosen)
  const choices = account === undefined ? [] : choicesOf(account)
  const choice = choices.find(({ key }) => key === what)
  const path =
    account === undefined || choice === undefined || !isNewValue(value)
      ? undefined
      : pathOf(account.account, choice.key, value, year)
  const preview = useAnswer(changePreview, path, 0)
  if (account === undefined) return null
  return (
    <PreviewPanel
      testId="change-preview"
      title={title}
      note={note}
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
          <Select<number>
            aria-label={t('account.year')}
            value={year}
            onChange={setYear}
            options={[0, 1, 2].map((back) => ({ value: thisYear - back, label: thisYear - back }))}
          />
          <Select
            aria-label={t(whatLabel)}
            placeholder={t(whatLabel)}
            showSearch={{ optionFilterProp: 'label' }}
            style={{ minWidth: 240 }}
            value={choice?.key ?? null}
            onChange={(key) => {
              setWhat(key)
              setValue(choices.find((each) => each.key === key)?.value ?? '')
            }}
            options={choices.map(({ key, label }) => ({ value: key, label }))}
          />
          <NewValueInput label={'factors.newValue'} unit={choice?.unit} value={value} onChange={setValue} />
        </>
      }
    >
      {(found) => <Lines preview={found} />}
    </PreviewPanel>
  )
}

function Coal({ answer }: { answer: FactorsAnswer }): ReactNode {
  const { nameOf } = useSpeech()
  const choices = answer.factors
    .filter(({ kind }) => kind === 'standard-coal')
    .flatMap(({ code, name, values }) =>
      values
        .slice(0, 1)
        .map(({ value, unit }) => ({ key: code, label: `${code} · ${nameOf(name)}`, value, unit })),
    )
  return (
    <Change
      title={'preview.coal'}
      note={'preview.coalNote'}
      answer={answer}
      whatLabel={'preview.coefficient'}
      choicesOf={() => choices}
      pathOf={(account, code, value, year) =>
        `api/v1/accounts/${account}/coal-preview?factor=${encodeURIComponent(code)}&value=${value}&year=${year}`
      }
    />
  )
}

function Price({ answer }: { answer: FactorsAnswer }): ReactNode {
  const { t } = useSpeech()
  const label = (part: PricePart): string =>
    part === 'floating' || part === 'fixed' || part === 'basic' ? t(`preview.${part}`) : t(`tariff.${part}`)
  return (
    <Change
      title={'preview.price'}
      note={'preview.priceNote'}
      answer={answer}
      whatLabel={'preview.pricePart'}
      choicesOf={({ prices, tariff }) => {
        const ofTariff = answer.tariffs.find(({ id }) => id === tariff)?.prices ?? []
        return priceParts.flatMap((part): Choice[] => {
          const value = [...prices, ...ofTariff]
            .map((row) => pricePart(row, part))
            .find((each) => each !== undefined)
          if (value === undefined) return []
          const unit = part === 'basic' ? t('preview.perMonth') : t('preview.perKwh')
          return [{ key: part, label: label(part), value, unit }]
        })
      }}
      pathOf={(account, part, value, year) =>
        `api/v1/accounts/${account}/cost-preview?part=${part}&value=${value}&year=${year}`
      }
    />
  )
}

/** What another coefficient of standard coal would make of an account's consumption. */
export const CoalPreview = memo(Coal)
/** What another price of electricity would make of its cost. */
export const PricePreview = memo(Price)
