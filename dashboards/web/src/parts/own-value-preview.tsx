import { memo, useState, type ReactNode } from 'react'
import { Input, Select } from 'antd'
import { restatementPreview, type FactorsAnswer } from '#dashboards/api/factor-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { RestatedMonths } from './factor-preview.tsx'
import { NotRead } from './not-read.tsx'

/** A positive number as a decimal text. */
const valueShape = /^(?=.*[1-9])\d{1,9}(\.\d{1,12})?$/
const properties = ['ncv', 'carbon', 'oxidation'] as const

function Preview({ answer }: { answer: FactorsAnswer }): ReactNode {
  const { t, nameOf } = useSpeech()
  const [chosen, setChosen] = useState<string>()
  const [property, setProperty] = useState<(typeof properties)[number]>('ncv')
  const [value, setValue] = useState('')
  const sources = answer.accounts.flatMap(({ account, name, fuels }) =>
    fuels.map((source) => ({ account, name, source, key: `${account} ${source.id}` })),
  )
  const found = sources.find(({ key }) => key === chosen)
  const path =
    found === undefined || !valueShape.test(value)
      ? undefined
      : `api/v1/accounts/${found.account}/restatement-preview?source=${found.source.id}&part=${property}&value=${value}`
  const { data, failed, failure } = useAnswer(restatementPreview, path, 0)
  if (sources.length === 0) return null
  const units = { ncv: `GJ/${found?.source.per ?? 't'}`, carbon: 'tC/GJ', oxidation: '1' }
  return (
    <section className="panel" data-testid="own-value-preview">
      <div className="panel-head">
        <h2>{t('preview.own')}</h2>
        <div className="page-choices">
          <Select
            aria-label={t('account.source')}
            placeholder={t('account.source')}
            style={{ minWidth: 260 }}
            value={chosen ?? null}
            onChange={setChosen}
            options={sources.map(({ key, name, source }) => ({
              value: key,
              label: `${nameOf(name)} · ${nameOf(source.name)}`,
            }))}
          />
          <Select<(typeof properties)[number]>
            aria-label={t('preview.property')}
            style={{ minWidth: 140 }}
            value={property}
            onChange={setProperty}
            options={properties.map((each) => ({ value: each, label: t(`factor.${each}`) }))}
          />
          <Input
            aria-label={t('preview.measured')}
            placeholder={t('preview.measured')}
            style={{ width: 220 }}
            suffix={units[property]}
            status={value === '' || valueShape.test(value) ? '' : 'error'}
            value={value}
            onChange={({ target }) => setValue(target.value.trim())}
          />
        </div>
      </div>
      <p className="panel-note">{t('preview.ownNote')}</p>
      <NotRead why={failure} />
      {path !== undefined && data === undefined && !failed && <p>{t('report.loading')}</p>}
      {data !== undefined && <RestatedMonths preview={data} />}
    </section>
  )
}

/** What a laboratory's value of a fuel would restate. */
export const OwnValuePreview = memo(Preview)
