import type { ReactNode } from 'react'
import { electricityCostShape } from '#dashboards/api/electricity-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { daysOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { EnterpriseCost } from './enterprise-cost.tsx'
import { EnergyTotalPanel } from './trace-energy.tsx'
import { TraceHead } from './trace-head.tsx'
import { NotRead } from './not-read.tsx'

/** A cost of electricity: energy by tariff period × price with its document, and the meters of that energy. */
export function TraceCost({ account, month }: { account: string; month: string }): ReactNode {
  const { t, nameOf } = useSpeech()
  const park = useParkTree()
  const { data, failure } = useAnswer(
    electricityCostShape,
    `api/v1/accounts/${account}/electricity-cost?month=${month}`,
    0,
  )
  const name = [park, ...park.enterprises].find(({ id }) => id === account)?.name
  return (
    <>
      <TraceHead
        title={`${name === undefined ? account : nameOf(name)} · ${t('enterprise.cost')} · ${month}`}
        step="formula"
      />
      <p className="panel-note">{t('trace.costNote')}</p>
      <NotRead why={failure} />
      <EnterpriseCost cost={data} has month={month} />
      <EnergyTotalPanel scope={account} carrier="electricity" flow="in" {...daysOf(month)} />
    </>
  )
}
