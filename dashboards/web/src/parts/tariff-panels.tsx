import { memo, type ReactNode } from 'react'
import { Table, type TableColumnsType } from 'antd'
import { tariffPeriods } from '#accounts/tariff/price.ts'
import type { FactorsAnswer } from '#dashboards/api/factor-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { ConfidenceTag } from './confidence-tag.tsx'
import { Verbatim } from './verbatim.tsx'

type Schedule = FactorsAnswer['tariffs'][number]['schedules'][number]
type Account = FactorsAnswer['accounts'][number]
type Price = Account['prices'][number]

/** A season and kind of day: which period holds at which time. */
interface DayLine {
  readonly key: string
  readonly season: string
  readonly days: string
  readonly periods: Schedule['seasons'][number]['days'][number]['periods']
}

function ScheduleOf({ schedule }: { schedule: Schedule }): ReactNode {
  const { t, nameOf } = useSpeech()
  const { from, to, document, source, confidence, seasons, multipliers, note } = schedule
  const lines = seasons.flatMap(({ name, days }) =>
    days.map(({ on, periods }): DayLine => ({
      key: `${name.en} ${on.join(' ')}`,
      season: nameOf(name),
      days: on.map((day) => t(`tariff.day.${day}`)).join(' · '),
      periods,
    })),
  )
  const used = tariffPeriods.filter((period) => lines.some(({ periods }) => periods[period] !== undefined))
  const columns: TableColumnsType<DayLine> = [
    { title: t('tariff.season'), key: 'season', render: (_, { season }) => season },
    { title: t('tariff.days'), key: 'days', render: (_, { days }) => days },
    ...used.map((period) => {
      const multiplier = multipliers[period]
      const times = multiplier === undefined ? '' : ` = ${t(`tariff.${multiplier.of}`)} × ${multiplier.times}`
      return {
        title: `${t(`tariff.${period}`)}${times}`,
        key: period,
        render: (_: unknown, { periods }: DayLine) => (
          <span className="number">{(periods[period] ?? []).join(', ')}</span>
        ),
      }
    }),
  ]
  return (
    <div className="stack">
      <p>
        <span className="number">{`${from} – ${to ?? '…'}`}</span> · <Verbatim>{document}</Verbatim>{' '}
        <ConfidenceTag confidence={confidence} />
      </p>
      <Table<DayLine>
        columns={columns}
        dataSource={lines}
        rowKey="key"
        size="small"
        pagination={false}
        scroll={{ x: 'max-content' }}
      />
      <p className="panel-note">
        <Verbatim>
          {source}
          {note !== undefined && ` · ${note}`}
        </Verbatim>
      </p>
    </div>
  )
}

function PricesOf({ account }: { account: Account }): ReactNode {
  const { t, nameOf } = useSpeech()
  const energyText = ({ energy }: Price): string =>
    energy.by === 'multiplier'
      ? t('tariff.floating', { floating: energy.floatingCnyPerKwh, fixed: energy.fixedCnyPerKwh })
      : tariffPeriods
          .flatMap((period) => {
            const price = energy.cnyPerKwh[period]
            return price === undefined ? [] : [`${t(`tariff.${period}`)} ${price}`]
          })
          .join(', ')
  const basicText = ({ basic }: Price): string =>
    basic === undefined
      ? '—'
      : basic.by === 'capacity'
        ? t('tariff.capacity', { price: basic.cnyPerKvaMonth })
        : t('tariff.demand', { price: basic.cnyPerKwMonth })
  const columns: TableColumnsType<Price> = [
    {
      title: t('factors.validity'),
      key: 'validity',
      render: (_, { from, to }) => <span className="number">{`${from} – ${to ?? '…'}`}</span>,
    },
    { title: t('tariff.energy'), key: 'energy', render: (_, price) => energyText(price) },
    { title: t('tariff.basic'), key: 'basic', render: (_, price) => basicText(price) },
    {
      title: t('factor.confidence'),
      key: 'confidence',
      render: (_, { confidence }) => <ConfidenceTag confidence={confidence} />,
    },
    {
      title: t('factor.document'),
      key: 'document',
      render: (_, { document }) => <Verbatim>{document}</Verbatim>,
    },
  ]
  return (
    <section className="panel">
      <h2>
        {t('tariff.pricesOf', { account: nameOf(account.name) })}
        <small>{account.tariff ?? t('tariff.none')}</small>
      </h2>
      {account.prices.length === 0 ? (
        <p className="panel-note">{t('tariff.noPrices')}</p>
      ) : (
        <Table<Price>
          columns={columns}
          dataSource={account.prices}
          rowKey="from"
          size="small"
          pagination={false}
          scroll={{ x: 'max-content' }}
        />
      )}
    </section>
  )
}

function Panels({ answer }: { answer: FactorsAnswer }): ReactNode {
  const { nameOf } = useSpeech()
  return (
    <>
      {answer.tariffs.map((tariff) => (
        <section key={tariff.id} className="panel" data-testid={`tariff-${tariff.id}`}>
          <h2>
            {nameOf(tariff.name)}
            <small>{tariff.id}</small>
          </h2>
          {tariff.schedules.map((schedule) => (
            <ScheduleOf key={schedule.from} schedule={schedule} />
          ))}
        </section>
      ))}
      {answer.accounts.map((account) => (
        <PricesOf key={account.account} account={account} />
      ))}
    </>
  )
}

/** Tariffs by period with their documents, and the prices of the accounts that the viewer sees. */
export const TariffPanels = memo(Panels)
