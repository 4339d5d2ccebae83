import type { ReactNode } from 'react'
import type { EnterpriseMonth } from '#dashboards/api/enterprise-shapes.ts'
import { costGaps } from '#accounts/tariff/cost-gaps.ts'
import type { ElectricityCostShape, LoadShape } from '#dashboards/api/electricity-shapes.ts'
import type { PowerLine } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute, usePresent } from '#dashboards/web/src/live.ts'
import { dayOf, daysOf } from '#dashboards/web/src/days.ts'
import { ageText, momentText, percentColumnText, valueText } from '#dashboards/web/src/numbers.ts'
import { costTrace, energyTrace, powerTrace } from '#dashboards/web/src/trace-paths.ts'
import { Tile } from './tile.tsx'

const FRESH_MS = 5 * 60_000

/** The electricity of a day, whose slots a demand is one of. */
const ofDay = (scope: string, day: string): string =>
  energyTrace({ scope, carrier: 'electricity', flow: 'in', from: day, to: day })

interface EnterpriseFiguresProps {
  readonly data: EnterpriseMonth
  readonly power: PowerLine | undefined
  /** Undefined where the accounting plan has nothing to compute them by, or while they are under way. */
  readonly load: LoadShape | undefined
  readonly cost: ElectricityCostShape | undefined
}

function PowerFactorTile({ factor }: { factor: EnterpriseMonth['powerFactors'][number] }): ReactNode {
  const { t, nameOf } = useSpeech()
  const { nowMs, live } = usePresent()
  const { meter, name, value, atMs, quality } = factor
  const stale = !live || nowMs - atMs > FRESH_MS
  return (
    <Tile
      name={t('enterprise.powerFactor')}
      testId={`power-factor-${meter}`}
      value={value === null ? '—' : value.toFixed(3)}
      unit=""
      isStale={stale}
    >
      <span>{nameOf(name)}</span>
      <span>{ageText(nowMs - atMs, t)}</span>
      <span className={stale ? 'quality is-old' : `quality is-${quality}`}>
        {stale ? t('value.stale') : t(`quality.${quality}`)}
      </span>
    </Tile>
  )
}

/** What an enterprise's electricity comes to: power, maximum demand, power factor, base load, shares, cost. */
export function EnterpriseFigures({ data, power, load, cost }: EnterpriseFiguresProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { live, timeZone } = useMinute()
  const number = (text: string | null | undefined): string =>
    text === null || text === undefined ? '—' : valueText(Number(text), locale)
  const percent = (text: string | null | undefined): string =>
    text === null || text === undefined ? '—' : percentColumnText(Number(text), locale)
  const noPlan = data.plan.load ? undefined : t('enterprise.noPlan')
  const ruleOf = (name: string): string => {
    const rule = load?.rules[name]
    return rule === undefined ? '' : nameOf(rule)
  }
  const habits = [
    { name: 'baseLoad', value: number(load?.baseLoadKw), unit: 'kW' },
    { name: 'night', value: percent(load?.nightShare), unit: '' },
    { name: 'weekend', value: percent(load?.weekendShare), unit: '' },
  ] as const
  const demand = load?.demand
  const ofMonth = energyTrace({
    scope: data.enterprise,
    carrier: 'electricity',
    flow: 'in',
    ...daysOf(data.month),
  })
  const lacking = power === undefined ? 0 : power.expected - power.counted
  const why = cost?.total.notAvailable.map((gap) => nameOf(costGaps[gap])).join(' · ')
  return (
    <div className="tiles">
      <Tile
        name={t('enterprise.power')}
        testId="enterprise-power"
        value={power?.value === null || power === undefined ? '—' : valueText(power.value, locale)}
        unit="kW"
        isStale={!live}
        trace={power === undefined ? undefined : powerTrace(data.enterprise, 'in')}
      >
        {power === undefined
          ? t('enterprise.noMeter')
          : lacking > 0
            ? t('tile.metersMissing', { missing: lacking })
            : t('tile.allMeters', { counted: power.counted, expected: power.expected })}
      </Tile>
      <Tile
        name={t('enterprise.demand')}
        testId="enterprise-demand"
        value={number(demand?.kw)}
        unit="kW"
        trace={
          demand === undefined || demand === null
            ? undefined
            : ofDay(data.enterprise, dayOf(demand.slotMs, timeZone))
        }
      >
        {noPlan ??
          (demand === undefined || demand === null ? (
            t('enterprise.nothingMeasured')
          ) : (
            <>
              <span className="number">{momentText(demand.slotMs, locale, timeZone)}</span>
              {demand.unmeasured > 0 && (
                <span className="is-incomplete">
                  {t('enterprise.unmeasured', { count: demand.unmeasured })}
                </span>
              )}
              <span>
                {data.plan.demandContractKw === null
                  ? t('enterprise.noContract')
                  : t('enterprise.ofContract', {
                      share: percent(load?.contractUse),
                      kw: number(data.plan.demandContractKw),
                    })}
              </span>
            </>
          ))}
      </Tile>
      {data.powerFactors.map((factor) => (
        <PowerFactorTile key={factor.meter} factor={factor} />
      ))}
      {habits.map(({ name, value, unit }) => (
        <Tile
          key={name}
          name={t(`enterprise.${name}`)}
          testId={`enterprise-${name}`}
          value={value}
          unit={unit}
          trace={value === '—' ? undefined : ofMonth}
        >
          {noPlan ?? ruleOf(name)}
        </Tile>
      ))}
      <Tile
        name={t('enterprise.cost')}
        testId="enterprise-cost"
        value={number(cost?.total.cny)}
        unit={t('unit.cny')}
        trace={cost === undefined ? undefined : costTrace(data.enterprise, data.month)}
      >
        {data.plan.cost ? (
          <span className={why === undefined || why === '' ? '' : 'is-incomplete'}>{why}</span>
        ) : (
          t('enterprise.noTariff')
        )}
      </Tile>
    </div>
  )
}
