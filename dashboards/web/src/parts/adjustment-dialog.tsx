import { useState, type ReactNode } from 'react'
import { Input, Select } from 'antd'
import { scopes, type Scope } from '#contract/entry.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { NamedField } from './named-field.tsx'
import { ReasonDialog } from './reason-dialog.tsx'

/** Tonnes with their sign, as a decimal text. */
const tonnesShape = /^-?\d{1,12}(\.\d{1,9})?$/

interface AdjustmentDialogProps {
  /** Months that are open. */
  readonly months: readonly string[]
  readonly onSubmit: (body: object) => Promise<void>
  readonly onClose: () => void
}

/** Asks for an adjustment: of which month and scope, how much, by which document, and why. */
export function AdjustmentDialog({ months, onSubmit, onClose }: AdjustmentDialogProps): ReactNode {
  const { t } = useSpeech()
  const [month, setMonth] = useState(months.at(-1))
  const [scope, setScope] = useState<Scope>('1')
  const [tonnes, setTonnes] = useState('')
  const [document, setDocument] = useState('')
  const tCo2 = tonnes.trim()
  const isTonnes = tonnesShape.test(tCo2)
  const isWrong = tCo2 !== '' && !isTonnes
  return (
    <ReasonDialog
      title={t('ledger.adjust')}
      lacks={month === undefined || !isTonnes || document.trim() === ''}
      onClose={onClose}
      onSubmit={async (reason) => onSubmit({ month, scope, tCo2, reason, document: document.trim() })}
    >
      <div className="stack">
        <p>{t('ledger.adjustNote')}</p>
        <NamedField name={t('account.month')}>
          <Select
            aria-label={t('account.month')}
            value={month ?? null}
            onChange={setMonth}
            options={months.map((value) => ({ value, label: value }))}
          />
        </NamedField>
        <NamedField name={t('account.scope')}>
          <Select<Scope>
            aria-label={t('account.scope')}
            value={scope}
            onChange={setScope}
            options={scopes.map((value) => ({ value, label: t(`scope.${value}`) }))}
          />
        </NamedField>
        <NamedField name={t('ledger.tonnes')} wrong={isWrong ? t('dialog.number') : undefined}>
          <Input
            aria-label={t('ledger.tonnes')}
            status={isWrong ? 'error' : ''}
            suffix={t('unit.tCo2')}
            value={tonnes}
            onChange={({ target }) => setTonnes(target.value)}
          />
        </NamedField>
        <NamedField name={t('ledger.document')}>
          <Input
            aria-label={t('ledger.document')}
            maxLength={500}
            value={document}
            onChange={({ target }) => setDocument(target.value)}
          />
        </NamedField>
      </div>
    </ReasonDialog>
  )
}
