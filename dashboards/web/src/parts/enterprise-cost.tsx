import type { ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { costGaps } from '#accounts/tariff/cost-gaps.ts'
import type { ElectricityCostShape } from '#dashboards/api/electricity-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { moneyText, valueText } from '#dashboards/web/src/numbers.ts'
import { costTrace } from '#dashboards/web/src/trace-paths.ts'
import { Nothing } from './nothing.tsx'
import { Traced } from './traced.tsx'

type CostLine = ElectricityCostShape['lines'][number]
type Charge = ElectricityCostShape['total']

/** A month's electricity by tariff period with its cost, and the charges that make the bill. */
export function EnterpriseCost({
  cost,
  has,
  month,
}: {
  cost: ElectricityCostShape | undefined
  has: boolean
  month: string
}): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const trace = cost === undefined ? undefined : costTrace(cost.account, month)
  const number = (text: string | null): string => (text === null ? '—' : valueText(Number(text), locale))
  const chargeText = ({ cny, notAvailable }: Charge): ReactNode =>
    cny === null ? (
      <span className="is-incomplete">{notAvailable.map((gap) => nameOf(costGaps[gap])).join(' · ')}</span>
    ) : (
      <Traced href={trace}>
        <span className="number">{moneyText(cny, locale)}</span> <span className="unit">{t('unit.cny')}</span>
      </Traced>
    )
  const columns: TableColumnsType<CostLine> = [
    {
      title: t('cost.period'),
      key: 'period',
      render: (_, { period }) => (period === null ? t('period.unknown') : t(`period.${period}`)),
    },
    {
      title: t('cost.energy'),
      key: 'kwh',
      align: 'right',
      render: (_, { kwh, missing }) => (
        <Traced href={trace} className={missing > 0 ? 'value is-partial' : 'value'}>
          <span className="number">{number(kwh)}</span> <span className="unit">{t('unit.kwh')}</span>
        </Traced>
      ),
    },
    {
      title: t('cost.price'),
      key: 'price',
      align: 'right',
      render: (_, { cnyPerKwh, price }) => (
        <span className="number">
          <span title={price?.document} translate="no">
            {cnyPerKwh ?? '—'}
          </span>
          {price !== null && price.confidence !== 'verified' && (
            <span className="is-incomplete"> {t(`confidence.${price.confidence}`)}</span>
          )}
        </span>
      ),
    },
    {
      title: t('cost.cost'),
      key: 'cny',
      align: 'right',
      render: (_, { cny }) => (
        <Traced href={cny === null ? undefined : trace}>
          <span className="number">{cny === null ? '—' : moneyText(cny, locale)}</span>
        </Traced>
      ),
    },
  ]
  return (
    <section className="panel" data-testid="enterprise-cost-lines">
      <h2>
        {t('enterprise.byTariff')} <small>{cost === undefined ? '' : nameOf(cost.tariff.name)}</small>
      </h2>
      {cost === undefined ? (
        <Nothing text={has ? t('loading') : t('enterprise.noTariff')} />
      ) : (
        <>
          <Table<CostLine>
            columns={columns}
            dataSource={cost.lines}
            rowKey={({ period, cnyPerKwh }) => `${period} ${cnyPerKwh}`}
            size="small"
            scroll={{ x: true }}
            pagination={false}
            locale={{ emptyText: <Nothing text={t('trend.empty')} /> }}
          />
          <dl className="facts">
            <div>
              <dt>{t('cost.energyCharge')}</dt>
              <dd>{chargeText(cost.energyCharge)}</dd>
            </div>
            {cost.basicCharge !== null && (
              <div>
                <dt>{t('cost.basicCharge')}</dt>
                <dd>{chargeText(cost.basicCharge)}</dd>
              </div>
            )}
            {cost.basic !== null && cost.basic.contractKw !== null && (
              <div>
                <dt>{t('cost.contract')}</dt>
                <dd>
                  {t('cost.beyondContract', {
                    contract: number(cost.basic.contractKw),
                    demand: number(cost.basic.demandKw),
                    beyond: number(cost.basic.beyondKw),
                  })}
                </dd>
              </div>
            )}
            {cost.powerFactorCharge !== null && (
              <div>
                <dt>{t('cost.powerFactorCharge')}</dt>
                <dd>{chargeText(cost.powerFactorCharge)}</dd>
              </div>
            )}
            <div>
              <dt>{t('cost.powerFactor')}</dt>
              <dd className="number">
                {cost.powerFactor === null ? '—' : Number(cost.powerFactor).toFixed(3)}
              </dd>
            </div>
            <div>
              <dt>{t('cost.total')}</dt>
              <dd>{chargeText(cost.total)}</dd>
            </div>
          </dl>
        </>
      )}
    </section>
  )
}
