import type { ReactNode } from 'react'
import { Descriptions } from 'antd'
import type { ClosingDraft } from '#contract/closing.ts'
import { scopes } from '#contract/entry.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { tonnesText } from '#dashboards/web/src/numbers.ts'

/** What a closing says of its month: these very figures are signed. */
export function ClosingFigures({ draft }: { draft: ClosingDraft }): ReactNode {
  const { t, locale } = useSpeech()
  const { closing, previous } = draft
  const tonnes = (text: string | undefined): ReactNode => (
    <span className="number">
      {text === undefined ? '—' : `${tonnesText(text, locale)} ${t('unit.tCo2')}`}
    </span>
  )
  return (
    <Descriptions
      size="small"
      bordered
      column={1}
      items={[
        {
          key: 'month',
          label: t('account.month'),
          children: <span className="number">{closing.month}</span>,
        },
        { key: 'total', label: t('account.total'), children: tonnes(closing.total) },
        ...scopes.flatMap((scope) => {
          const said = closing.byScope[scope]
          return said === undefined
            ? []
            : [{ key: scope, label: t(`scope.${scope}`), children: tonnes(said) }]
        }),
        {
          key: 'chain',
          label: t('closing.chain'),
          children: (
            <>
              {t('closing.entries', { count: closing.entries })} <code>{previous.slice(0, 16)}…</code>
            </>
          ),
        },
        { key: 'by', label: t('closing.by'), children: <span translate="no">{closing.by}</span> },
      ]}
    />
  )
}
