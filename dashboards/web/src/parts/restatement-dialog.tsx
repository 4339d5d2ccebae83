import { useMemo, useState, type ReactNode } from 'react'
import { Select } from 'antd'
import { z } from 'zod'
import { lateData } from '#accounts/late-data-view.ts'
import type { Statement } from '#dashboards/api/account-shapes.ts'
import { sourceText } from '#dashboards/web/src/account-text.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { exactText, tonnesText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { ReasonDialog } from './reason-dialog.tsx'

const lateAnswer = z.object({ late: z.array(lateData) })

interface RestatementDialogProps {
  readonly account: string
  readonly names: Pick<Statement, 'sourceNames'>
  /** Closed months. */
  readonly months: readonly string[]
  readonly differences: Statement['differences']
  readonly onSubmit: (month: string, reason: string) => Promise<void>
  readonly onClose: () => void
}

/** Reopens a closed month so that it is restated, and says before what waits for it. */
export function RestatementDialog(given: RestatementDialogProps): ReactNode {
  const { account, names, months, differences, onSubmit, onClose } = given
  const speech = useSpeech()
  const { t, locale, nameOf } = speech
  const park = useParkTree()
  const named = useMemo(() => meterNames(park), [park])
  const [month, setMonth] = useState(months.at(-1))
  const { data } = useAnswer(lateAnswer, `api/v1/accounts/${account}/late-data`, 0)
  const late = (data?.late ?? []).filter((each) => each.month === month)
  const differing = differences.filter((each) => each.month === month)
  return (
    <ReasonDialog
      title={t('closing.reopenTitle')}
      lacks={month === undefined}
      onClose={onClose}
      onSubmit={async (reason) => (month === undefined ? undefined : onSubmit(month, reason))}
    >
      <div className="stack" data-testid="restatement">
        <Select
          aria-label={t('account.month')}
          value={month ?? null}
          onChange={setMonth}
          options={months.map((value) => ({ value, label: value }))}
        />
        <ul>
          {differing.map(({ entry, source, because, tCo2 }) => (
            <li key={entry}>
              {t('closing.differs', {
                source: sourceText(names, source, speech),
                tonnes: tCo2 === undefined ? '—' : `${tonnesText(tCo2, locale)} ${t('unit.tCo2')}`,
                because: t(`ledger.because.${because}`),
              })}
            </li>
          ))}
          {late.map(({ meter, slots, kept, computed, unit }) => (
            <li key={meter}>
              {t('closing.late', {
                meter: nameOf(named.get(meter) ?? { zh: meter, en: meter }),
                slots,
                kept: kept === null ? '—' : exactText(kept),
                computed: computed === null ? '—' : exactText(computed),
                unit,
              })}
            </li>
          ))}
          {data !== undefined && late.length === 0 && differing.length === 0 && (
            <li>{t('closing.noLate')}</li>
          )}
        </ul>
        <p>{t('ledger.reopenNote')}</p>
      </div>
    </ReasonDialog>
  )
}
