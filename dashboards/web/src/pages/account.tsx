import { useCallback, useState, type ReactNode } from 'react'
import { Select } from 'antd'
import { accountList, statement } from '#dashboards/api/account-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { AccountFigures } from '#dashboards/web/src/parts/account-figures.tsx'
import { AccountLedger } from '#dashboards/web/src/parts/account-ledger.tsx'
import { AccountLines } from '#dashboards/web/src/parts/account-lines.tsx'
import { AccountMonths } from '#dashboards/web/src/parts/account-months.tsx'
import { AccountQuota } from '#dashboards/web/src/parts/account-quota.tsx'
import { AccountTargets } from '#dashboards/web/src/parts/account-targets.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { WithoutPlan } from '#dashboards/web/src/parts/without-plan.tsx'
import { accountTrace } from '#dashboards/web/src/trace-paths.ts'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

/** Statements change with the hour, not with the second. */
const REFRESH_MS = 60_000
/** Years that can be chosen: this one and those before it. */
const YEARS = 5

/** The carbon account of an enterprise or of the park's own: a year's statement, opened down to its evidence. */
export function AccountPage(): ReactNode {
  const { t, nameOf } = useSpeech()
  const { nowMs, timeZone } = useMinute()
  const thisYear = Number(
    new Intl.DateTimeFormat('en', { year: 'numeric', timeZone }).format(nowMs === 0 ? undefined : nowMs),
  )
  const { accounting } = useParkTree()
  const [chosen, setChosen] = useState<string>()
  const [year, setYear] = useState(thisYear)
  const [changes, setChanges] = useState(0)
  const changed = useCallback(() => setChanges((count) => count + 1), [])
  const refresh = `${Math.floor(nowMs / REFRESH_MS)} ${changes}`
  const accounts = useAnswer(accountList, accounting ? 'api/v1/accounts' : undefined, refresh)
  const account = chosen ?? accounts.data?.accounts[0]?.account
  const lastMonth =
    year < thisYear ? '12' : new Intl.DateTimeFormat('sv', { month: '2-digit', timeZone }).format(nowMs)
  const path =
    account === undefined
      ? undefined
      : `api/v1/accounts/${account}/statement?from=${year}-01&to=${year}-${lastMonth}`
  const answer = useAnswer(statement, path, refresh)

  if (!accounting) {
    return <WithoutPlan title={t('page.account')} help={t('account.help')} why={t('account.none')} />
  }
  if (accounts.data === undefined) {
    return accounts.failed ? <NotRead why={accounts.failure} /> : <Loading text={t('loading')} />
  }
  const { data } = answer
  return (
    <div className="stack">
      <Parts>
        <PageHead title={t('page.account')} help={t('account.help')}>
          <Select
            aria-label={t('account.whose')}
            style={{ minWidth: 200 }}
            value={account ?? null}
            onChange={setChosen}
            options={accounts.data.accounts.map(({ account: id, name }) => ({
              value: id,
              label: nameOf(name),
            }))}
          />
          <Select
            aria-label={t('account.year')}
            value={year}
            onChange={setYear}
            options={Array.from({ length: YEARS }, (_, back) => ({
              value: thisYear - back,
              label: thisYear - back,
            }))}
          />
        </PageHead>
        <NotRead why={answer.failure} />
        {data === undefined ? (
          !answer.failed && <Loading text={t('loading')} />
        ) : data.months.length === 0 && (data.unsourced ?? []).length === 0 ? (
          <section className="panel">
            <Nothing text={t('account.empty')} />
          </section>
        ) : (
          <>
            <AccountFigures statement={data} trace={accountTrace(data.account, String(year))}>
              <AccountQuota
                account={data.account}
                year={year}
                total={data.totals.total}
                refresh={refresh}
                trace={accountTrace(data.account, String(year))}
              />
            </AccountFigures>
            {account !== undefined && <AccountTargets account={account} year={year} />}
            <AccountMonths statement={data} />
            <AccountLines statement={data} />
          </>
        )}
        {/* Allowances are entered before the first month is posted. */}
        {data !== undefined && (
          <AccountLedger
            key={data.account}
            account={data.account}
            year={year}
            sourceNames={data.sourceNames}
            last={accounts.data.accounts.find((each) => each.account === data.account)?.entries ?? 0}
            months={data.months}
            differences={data.differences}
            onChange={changed}
          />
        )}
      </Parts>
    </div>
  )
}
