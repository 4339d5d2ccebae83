import { useState, type ReactNode } from 'react'
import { Input, Select } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { NamedField } from './named-field.tsx'
import { ReasonDialog } from './reason-dialog.tsx'

/** More than nothing, as a decimal text. */
const amountShape = /^(?=.*[1-9])\d{1,12}(\.\d{1,9})?$/

/** Each with the unit that its register counts in. */
const units = { allowance: 'tCO2', offset: 'tCO2', certificate: 'kWh' } as const
type Kind = keyof typeof units
const kinds = ['allowance', 'offset', 'certificate'] as const satisfies readonly Kind[]

interface PositionDialogProps {
  /** The year that it is for unless another is chosen. */
  readonly year: number
  readonly onSubmit: (body: object) => Promise<void>
  readonly onClose: () => void
}

/** Asks for an allowance, an offset or a certificate: of which year, how much, its number in its register and its document. */
export function PositionDialog({ year: first, onSubmit, onClose }: PositionDialogProps): ReactNode {
  const { t } = useSpeech()
  const [kind, setKind] = useState<Kind>('allowance')
  const [year, setYear] = useState(first)
  const [amount, setAmount] = useState('')
  const [reference, setReference] = useState('')
  const isAmount = amountShape.test(amount)
  const isWrong = amount !== '' && !isAmount
  const unit = units[kind]
  return (
    <ReasonDialog
      title={t('position.enter')}
      label={t('ledger.document')}
      lacks={!isAmount || reference.trim() === ''}
      onClose={onClose}
      onSubmit={async (document) =>
        onSubmit({ kind, year, amount, unit, reference: reference.trim(), document })
      }
    >
      <div className="stack">
        <p>{t('position.note')}</p>
        <NamedField name={t('ledger.kind')}>
          <Select<Kind>
            aria-label={t('ledger.kind')}
            value={kind}
            onChange={setKind}
            options={kinds.map((value) => ({ value, label: t(`ledger.kind.${value}`) }))}
          />
        </NamedField>
        <NamedField name={t('account.year')}>
          <Select<number>
            aria-label={t('account.year')}
            value={year}
            onChange={setYear}
            options={[first + 1, first, first - 1, first - 2].map((value) => ({ value, label: value }))}
          />
        </NamedField>
        <NamedField name={t('position.amount')} wrong={isWrong ? t('dialog.positive') : undefined}>
          <Input
            aria-label={t('position.amount')}
            status={isWrong ? 'error' : ''}
            suffix={unit === 'kWh' ? t('unit.kwh') : t('unit.tCo2')}
            value={amount}
            onChange={({ target }) => setAmount(target.value.trim())}
          />
        </NamedField>
        <NamedField name={t('position.reference')}>
          <Input
            aria-label={t('position.reference')}
            maxLength={200}
            value={reference}
            onChange={({ target }) => setReference(target.value)}
          />
        </NamedField>
      </div>
    </ReasonDialog>
  )
}
