import { memo, useState, type ReactNode } from 'react'
import { Button, Table, Tag, type TableColumnsType } from 'antd'
import { z } from 'zod'
import { ledgerEntry, NO_HASH, type EntryBody, type LedgerEntry } from '#contract/entry.ts'
import type { Statement } from '#dashboards/api/account-shapes.ts'
import { sourceText } from '#dashboards/web/src/account-text.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { exactText, momentText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { useSession } from '#dashboards/web/src/session.tsx'
import { AdjustmentDialog } from './adjustment-dialog.tsx'
import { ClosingDialog } from './closing-dialog.tsx'
import { PositionDialog } from './position-dialog.tsx'
import { ReasonDialog } from './reason-dialog.tsx'
import { NotRead } from './not-read.tsx'
import { RestatementDialog } from './restatement-dialog.tsx'

/** Entries that are shown. */
const ENTRIES_MAX = 1_000

const entriesAnswer = z.object({ entries: z.array(ledgerEntry) })

type SourceNames = Pick<Statement, 'sourceNames'>

/** What an entry says, in a line. */
function saidBy(body: EntryBody, names: SourceNames, speech: Speech, timeZone: string): string {
  const { t, locale } = speech
  const tonnes = (text: string | undefined): string =>
    text === undefined ? '—' : `${tonnesText(text, locale)} ${t('unit.tCo2')}`
  if (body.kind === 'posting')
    return `${sourceText(names, body.source, speech)} · ${t(`scope.${body.scope}`)} · ${tonnes(body.tCo2)}`
  if (body.kind === 'reversal')
    return `${t('ledger.reverses', { entry: body.reverses })} · ${t(`ledger.cause.${body.cause}`)} · ${body.reason}`
  if (body.kind === 'difference')
    return t('ledger.wouldBe', {
      entry: body.posting,
      tonnes: tonnes(body.tCo2),
      because: t(`ledger.because.${body.because}`),
    })
  if (body.kind === 'adjustment')
    return `${t(`scope.${body.scope}`)} · ${tonnes(body.tCo2)} · ${body.reason} · ${body.document}`
  if (body.kind === 'closing')
    return `${tonnes(body.total)} · ${t('ledger.signed', { key: body.key.slice(0, 12) })}`
  if (body.kind === 'reopening') return body.reason
  if (body.kind === 'clock')
    return t('ledger.clockSays', { moment: momentText(body.wallMs, locale, timeZone) })
  return `${body.year} · ${exactText(body.amount)} ${body.unit} · ${body.reference}`
}

/** Entries whose hash of the one before is not the hash of the one before; the first of a chain has none. */
function brokenLinks(entries: readonly LedgerEntry[]): number[] {
  return entries
    .filter(({ number, previous }, index) => {
      const before = index === 0 ? undefined : entries[index - 1]
      if (before === undefined) return number === 1 && previous !== NO_HASH
      return before.number + 1 !== number || before.hash !== previous
    })
    .map(({ number }) => number)
}

type Asked =
  | { readonly what: 'adjust' }
  | { readonly what: 'position' }
  | { readonly what: 'close' }
  | { readonly what: 'reopen' }
  | { readonly what: 'reverse'; readonly entry: number }

const reversible = new Set(['adjustment', 'allowance', 'offset', 'certificate'])

type Month = Pick<Statement['months'][number], 'month' | 'state'>

interface AccountLedgerProps {
  readonly account: string
  readonly year: number
  readonly sourceNames: SourceNames['sourceNames']
  /** The number of its last entry. */
  readonly last: number
  readonly months: readonly Month[]
  /** What is not restated, of all these months. */
  readonly differences: Statement['differences']
  readonly onChange: () => void
}

function Ledger(given: AccountLedgerProps): ReactNode {
  const { account, year, sourceNames, last, months, differences, onChange } = given
  const speech = useSpeech()
  const { t, locale } = speech
  const timeZone = useTimeZone()
  const { may, change } = useSession()
  const [changes, setChanges] = useState(0)
  const [asked, setAsked] = useState<Asked>()
  // The newest: a long chain is proved by `tanbiao ledger verify`.
  const after = Math.max(0, last - ENTRIES_MAX)
  const path = `api/v1/accounts/${account}/entries?after=${after}&limit=${ENTRIES_MAX}`
  const { data, failed, failure } = useAnswer(entriesAnswer, path, `${last} ${changes}`)
  const entries = data?.entries ?? []
  const broken = brokenLinks(entries)
  const reversed = new Set(entries.flatMap(({ body }) => (body.kind === 'reversal' ? body.reverses : [])))
  const monthsOf = (wanted: Month['state']): string[] =>
    months.filter(({ state }) => state === wanted).map(({ month }) => month)
  const [closed, due] = [monthsOf('closed'), monthsOf('open')]
  const send = async (what: string, body: object): Promise<void> => {
    await change('POST', `api/v1/accounts/${account}/${what}`, body)
    setChanges((count) => count + 1)
    onChange()
  }
  const columns: TableColumnsType<LedgerEntry> = [
    {
      title: '№',
      key: 'number',
      align: 'right',
      render: (_, { number }) => <span className="number">{number}</span>,
    },
    {
      title: t('ledger.recorded'),
      key: 'recorded',
      render: (_, { recordedAtMs }) => (
        <span className="number">{momentText(recordedAtMs, locale, timeZone)}</span>
      ),
    },
    { title: t('ledger.kind'), key: 'kind', render: (_, { body }) => t(`ledger.kind.${body.kind}`) },
    {
      title: t('account.month'),
      key: 'month',
      render: (_, { body }) => <span className="number">{'month' in body ? body.month : ''}</span>,
    },
    {
      title: t('ledger.said'),
      key: 'said',
      render: (_, { number, body }) => (
        <span className={reversed.has(number) ? 'is-reversed' : ''}>
          {saidBy(body, { sourceNames }, speech, timeZone)}
        </span>
      ),
    },
    {
      title: t('ledger.by'),
      key: 'by',
      render: (_, { body }) => ('by' in body ? body.by : t('ledger.byServer')),
    },
    {
      title: t('ledger.hash'),
      key: 'hash',
      render: (_, { number, hash, previous }) => (
        <code
          title={t('ledger.hashes', { hash, previous })}
          className={broken.includes(number) ? 'is-trouble' : ''}
        >
          {previous.slice(0, 8)} → {hash.slice(0, 8)}
        </code>
      ),
    },
    ...(may('manage')
      ? [
          {
            title: '',
            key: 'act',
            render: (_: unknown, { number, body }: LedgerEntry) =>
              reversible.has(body.kind) &&
              !reversed.has(number) && (
                <Button size="small" onClick={() => setAsked({ what: 'reverse', entry: number })}>
                  {t('ledger.reverse')}
                </Button>
              ),
          },
        ]
      : []),
  ]
  return (
    <section className="panel" data-testid="account-ledger">
      <div className="panel-head">
        <h2>
          {t('ledger.title')}{' '}
          {data !== undefined &&
            (broken.length === 0 ? (
              <Tag color="green">{t('ledger.whole', { count: entries.length })}</Tag>
            ) : (
              <Tag color="red">{t('ledger.broken', { entries: broken.join(', ') })}</Tag>
            ))}
        </h2>
        {may('manage') && (
          <span className="page-choices">
            <Button onClick={() => setAsked({ what: 'adjust' })}>{t('ledger.adjust')}</Button>
            <Button onClick={() => setAsked({ what: 'position' })}>{t('position.open')}</Button>
            {due.length > 0 && (
              <Button onClick={() => setAsked({ what: 'close' })}>{t('closing.open')}</Button>
            )}
            {closed.length > 0 && (
              <Button onClick={() => setAsked({ what: 'reopen' })}>{t('closing.reopen')}</Button>
            )}
          </span>
        )}
      </div>
      <NotRead why={failure} />
      <Table<LedgerEntry>
        columns={columns}
        dataSource={entries.toReversed()}
        rowKey="number"
        size="small"
        loading={data === undefined && !failed}
        pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: 'max-content' }}
      />
      <p className="panel-note">{t('ledger.note')}</p>
      <p className="panel-note">{t('ledger.closeNote')}</p>
      {asked?.what === 'adjust' && (
        <AdjustmentDialog
          months={months.filter(({ state }) => state !== 'closed').map(({ month }) => month)}
          onClose={() => setAsked(undefined)}
          onSubmit={async (body) => send('adjustments', body)}
        />
      )}
      {asked?.what === 'position' && (
        <PositionDialog
          year={year}
          onClose={() => setAsked(undefined)}
          onSubmit={async (body) => send('positions', body)}
        />
      )}
      {asked?.what === 'close' && (
        <ClosingDialog
          account={account}
          names={{ sourceNames }}
          months={due}
          onClose={() => setAsked(undefined)}
          onSubmit={async (body) => send('closings', body)}
        />
      )}
      {asked?.what === 'reopen' && (
        <RestatementDialog
          account={account}
          names={{ sourceNames }}
          months={closed}
          differences={differences}
          onClose={() => setAsked(undefined)}
          onSubmit={async (month, reason) => send('reopenings', { month, reason })}
        />
      )}
      {asked?.what === 'reverse' && (
        <ReasonDialog
          title={t('ledger.reverseOf', { entry: asked.entry })}
          onClose={() => setAsked(undefined)}
          onSubmit={async (reason) => send('reversals', { entry: asked.entry, reason })}
        />
      )}
    </section>
  )
}

/** The chain of an account: every entry with its hash, and what persons add to it with a reason. */
export const AccountLedger = memo(Ledger)
