import { useState, type ReactNode } from 'react'
import { Alert, Select } from 'antd'
import { useLocation, useParams } from 'wouter'
import { carriers, type Carrier } from '#contract/carriers.ts'
import { electricityCostShape, loadShape } from '#dashboards/api/electricity-shapes.ts'
import { enterpriseMonth, type EnterpriseMonth } from '#dashboards/api/enterprise-shapes.ts'
import type { Overview, PowerLine } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { usePark } from '#dashboards/web/src/park-context.tsx'
import { EnterpriseCost } from '#dashboards/web/src/parts/enterprise-cost.tsx'
import { EnterpriseCarriers, EnterpriseNodes } from '#dashboards/web/src/parts/enterprise-energy.tsx'
import { EnterpriseFigures } from '#dashboards/web/src/parts/enterprise-figures.tsx'
import { EnterpriseLoadPanel } from '#dashboards/web/src/parts/enterprise-load.tsx'
import { EnterpriseProducts } from '#dashboards/web/src/parts/enterprise-products.tsx'
import { EnterpriseProfilePanel } from '#dashboards/web/src/parts/enterprise-profile.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { MonthChoice } from '#dashboards/web/src/parts/month-choice.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

/** Sums of a month change with the quarter of an hour. */
const REFRESH_MS = 300_000

/** Power of what the park uses itself: the sum of its meters’ fresh values. */
function ownPower({ meters: live }: Overview, { carriers }: EnterpriseMonth): PowerLine | undefined {
  const taken = carriers.find(({ carrier, flow }) => carrier === 'electricity' && flow === 'in')
  if (taken === undefined) return undefined
  const own = live.filter(({ meter, power }) => taken.meters.includes(meter) && power?.unit === 'kW')
  const values = own.flatMap(({ power }) => (power?.fresh === true ? power.value : []))
  return {
    enterprise: null,
    flow: 'in',
    value: values.length === 0 ? null : values.reduce((total, value) => total + value, 0),
    unit: 'kW',
    counted: values.length,
    expected: taken.meters.length,
  }
}

/** What one enterprise, or the park for its own, uses: when, of what, where, and what it costs. */
export function EnterprisePage(): ReactNode {
  const { t, nameOf } = useSpeech()
  const { id } = useParams<{ id?: string }>()
  const [, go] = useLocation()
  const { park, overview } = usePark()
  const { info } = useSession()
  const { nowMs, timeZone } = useMinute()
  const today = dayOf(nowMs, timeZone)
  const [chosenMonth, setMonth] = useState<string>()
  const [chosenCarrier, setCarrier] = useState<Carrier>('electricity')
  const month = chosenMonth ?? today.slice(0, 7)
  const seesPark = (info?.enterprise ?? null) === null
  const scopes = [
    ...park.enterprises.map(({ id, name }) => ({ value: id, label: nameOf(name) })),
    ...(seesPark ? [{ value: park.id, label: t('enterprise.services') }] : []),
  ]
  const scope = id ?? scopes[0]?.value
  const isKnown = scopes.some(({ value }) => value === scope)
  const refresh = Math.floor(nowMs / REFRESH_MS)
  const sums = useAnswer(
    enterpriseMonth,
    isKnown ? `api/enterprises/${scope}/month?month=${month}` : undefined,
    refresh,
  )
  const plan = sums.data?.plan
  const account = `api/v1/accounts/${scope}`
  const load = useAnswer(
    loadShape,
    plan?.load === true ? `${account}/load?month=${month}` : undefined,
    refresh,
  )
  const cost = useAnswer(
    electricityCostShape,
    plan?.cost === true ? `${account}/electricity-cost?month=${month}` : undefined,
    refresh,
  )

  if (scope === undefined || !isKnown) {
    return <Alert type="warning" showIcon title={t('enterprise.unknown', { id: scope ?? '' })} />
  }
  const offered = [
    ...new Set((sums.data?.carriers ?? []).flatMap(({ flow, carrier }) => (flow === 'in' ? carrier : []))),
  ]
  const carrier = offered.includes(chosenCarrier) ? chosenCarrier : (offered[0] ?? 'electricity')
  const ofEnterprise = overview.power.find((each) => each.enterprise === scope && each.flow === 'in')
  const contract = sums.data?.plan.demandContractKw ?? null
  return (
    <div className="stack" data-testid="enterprise-page">
      <Parts>
        <PageHead
          title={scopes.find(({ value }) => value === scope)?.label ?? scope}
          help={t('enterprise.help')}
        >
          <Select
            aria-label={t('enterprise.whose')}
            style={{ minWidth: 180 }}
            value={scope}
            onChange={(next) => go(`/enterprises/${next}`)}
            options={scopes}
          />
          <Select
            aria-label={t('enterprise.carrier')}
            style={{ minWidth: 110 }}
            value={carrier}
            onChange={setCarrier}
            options={(offered.length === 0 ? [carrier] : offered).map((value) => ({
              value,
              label: nameOf(carriers[value]),
            }))}
          />
          <MonthChoice month={month} last={today.slice(0, 7)} onChange={setMonth} />
        </PageHead>
        <NotRead why={sums.failure ?? load.failure ?? cost.failure} />
        {sums.data === undefined ? (
          !sums.failed && <Loading text={t('loading')} />
        ) : (
          <>
            <EnterpriseFigures
              data={sums.data}
              power={scope === park.id ? ownPower(overview, sums.data) : ofEnterprise}
              load={load.data}
              cost={cost.data}
            />
            {scope === park.id && <p className="panel-note">{t('enterprise.servicesNote')}</p>}
            <EnterpriseLoadPanel
              key={scope}
              enterprise={scope}
              carrier={carrier}
              today={today}
              contractKw={contract === null || carrier !== 'electricity' ? undefined : Number(contract)}
            />
            <EnterpriseProfilePanel enterprise={scope} carrier={carrier} month={month} />
            <div className="halves">
              <EnterpriseCarriers data={sums.data} park={park} />
              <EnterpriseCost cost={cost.data} has={sums.data.plan.cost} month={month} />
            </div>
            <div className="halves">
              <EnterpriseNodes data={sums.data} />
              <EnterpriseProducts data={sums.data} />
            </div>
          </>
        )}
      </Parts>
    </div>
  )
}
