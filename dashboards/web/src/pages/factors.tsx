import { useState, type ReactNode } from 'react'
import { Segmented } from 'antd'
import { useParams } from 'wouter'
import { factorKinds } from '#accounts/factor-list.ts'
import { factorsAnswer } from '#dashboards/api/factor-shapes.ts'
import '#dashboards/web/src/accounts.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { CoalPreview, PricePreview } from '#dashboards/web/src/parts/change-preview.tsx'
import { FactorPreview } from '#dashboards/web/src/parts/factor-preview.tsx'
import { FactorTable } from '#dashboards/web/src/parts/factor-table.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { OwnValuePreview } from '#dashboards/web/src/parts/own-value-preview.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { TariffPanels } from '#dashboards/web/src/parts/tariff-panels.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

const shelves = [...factorKinds, 'tariff'] as const
type Shelf = (typeof shelves)[number]

/** Factors and tariffs: each value with its validity and its document, and what another factor would restate. */
export function FactorsPage(): ReactNode {
  const { t } = useSpeech()
  // A factor that a trace led to: its code has slashes of its own.
  const code = useParams<{ '*'?: string }>()['*']
  const [chosen, setShelf] = useState<Shelf>()
  const { data, failed, failure } = useAnswer(factorsAnswer, 'api/v1/factors', 0)
  const shelf = chosen ?? data?.factors.find((row) => row.code === code)?.kind ?? 'electricity'
  return (
    <div className="stack">
      <Parts>
        <PageHead title={t('page.factors')} help={t('factors.help')}>
          <Segmented<Shelf>
            aria-label={t('factors.shelf')}
            value={shelf}
            onChange={setShelf}
            options={shelves.map((each) => ({ value: each, label: t(`factors.${each}`) }))}
          />
        </PageHead>
        <NotRead why={failure} />
        {data === undefined ? (
          !failed && <Loading text={t('loading')} />
        ) : shelf === 'tariff' ? (
          <>
            <PricePreview answer={data} />
            <TariffPanels answer={data} />
          </>
        ) : (
          <>
            {shelf === 'electricity' && <FactorPreview answer={data} />}
            {shelf === 'fuel' && <OwnValuePreview answer={data} />}
            {shelf === 'standard-coal' && <CoalPreview answer={data} />}
            <FactorTable
              key={shelf}
              answer={data}
              kind={shelf}
              code={chosen === undefined ? code : undefined}
            />
          </>
        )}
      </Parts>
    </div>
  )
}
