import { memo, useState, type ReactNode } from 'react'
import { Select } from 'antd'
import { restatementPreview, type FactorsAnswer } from '#dashboards/api/factor-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { RestatedMonths } from './factor-preview.tsx'
import { isNewValue, NewValueInput, PreviewPanel } from './preview-panel.tsx'

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
    found === undefined || !isNewValue(value)
      ? undefined
      : `api/v1/accounts/${found.account}/restatement-preview?source=${found.source.id}&part=${property}&value=${value}`
  const preview = useAnswer(restatementPreview, path, 0)
  if (sources.length === 0) return null
  const units = { ncv: `GJ/${found?.source.per ?? 't'}`, carbon: 'tC/GJ', oxidation: '1' }
  return (
    <PreviewPanel
      testId="own-value-preview"
      title={'preview.own'}
      note={'preview.ownNote'}
      isAsked={path !== undefined}
      answer={preview}
      choices={
        <>
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
          <NewValueInput
            label={'preview.measured'}
            unit={units[property]}
            value={value}
            onChange={setValue}
          />
        </>
      }
    >
      {(restated) => <RestatedMonths preview={restated} />}
    </PreviewPanel>
  )
}

/** What a laboratory's value of a fuel would restate. */
export const OwnValuePreview = memo(Preview)
