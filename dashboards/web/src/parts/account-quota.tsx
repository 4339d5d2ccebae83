import { memo, type ReactNode } from 'react'
import { z } from 'zod'
import { targetsView } from '#accounts/targets/target-view.ts'
import { entryBody, type EntryBody } from '#contract/entry.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { percentText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Traced } from './traced.tsx'

const positions = z.object({ positions: z.array(z.object({ entry: z.int(), position: entryBody })) })

type Allowance = Extract<EntryBody, { kind: 'allowance' | 'offset' | 'certificate' }>

const isAllowance = (body: EntryBody, year: number): body is Allowance =>
  body.kind === 'allowance' && body.year === year && body.unit === 'tCO2'

interface AccountQuotaProps {
  readonly account: string
  readonly year: number
  /** tCO2 of scopes 1 and 2 that are posted; undefined where nothing is. */
  readonly total: string | undefined
  readonly trace: string
  /** Asked for again when it changes. */
  readonly refresh: string
}

/** An account's emissions of a year against the allowances that were entered for it, and the band of the forecast. */
function Quota({ account, year, total, trace, refresh }: AccountQuotaProps): ReactNode {
  const { t, locale } = useSpeech()
  const park = useParkTree()
  const { may } = useSession()
  const { data } = useAnswer(positions, `api/v1/accounts/${account}/positions`, refresh)
  const ofTargets = account === park.id ? undefined : `api/v1/accounts/${account}/targets`
  const targets = useAnswer(targetsView, ofTargets, 0).data?.targets ?? []
  const forecast = targets.find(({ of, per, year: its }) => of === 'carbon' && per === null && its === year)
    ?.status?.forecast
  const allowances = (data?.positions ?? []).flatMap(({ position }) =>
    isAllowance(position, year) ? position : [],
  )
  if (data === undefined || allowances.length === 0) {
    return (
      <section className="tile" data-testid="account-quota">
        <h2>{t('quota.title')}</h2>
        <p className="tile-value">
          <span className="number">—</span>
        </p>
        <div className="tile-note">
          {data === undefined ? '' : t(may('manage') ? 'quota.none' : 'quota.noneYet', { year })}
        </div>
      </section>
    )
  }
  const quota = allowances.reduce((sum, { amount }) => sum + Number(amount), 0)
  const left = quota - Number(total ?? 0)
  const tonnes = (value: number): string => tonnesText(value.toFixed(6), locale)
  return (
    <section className="tile" data-testid="account-quota">
      <h2>{t('quota.title')}</h2>
      <p className="tile-value">
        <Traced href={trace}>
          <span className={left < 0 ? 'number is-trouble' : 'number'}>{tonnes(left)}</span>{' '}
          <span className="unit">{t('unit.tCo2')}</span>
        </Traced>
      </p>
      <div className="tile-note">
        <span>
          {t('quota.used', {
            share: total === undefined || quota === 0 ? '—' : percentText(Number(total) / quota, locale),
            quota: tonnes(quota),
          })}
        </span>
        {forecast !== undefined && forecast !== null && (
          <span className={forecast.high > quota ? 'is-incomplete' : ''}>
            {t('quota.forecast', { low: tonnes(quota - forecast.high), high: tonnes(quota - forecast.low) })}
          </span>
        )}
        <span>
          {t('quota.references', { references: allowances.map((each) => each.reference).join(', ') })}
        </span>
      </div>
    </section>
  )
}

/** Where an account stands against its allowances. */
export const AccountQuota = memo(Quota)
