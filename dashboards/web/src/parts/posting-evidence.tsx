import type { ReactNode } from 'react'
import { Descriptions } from 'antd'
import { Link } from 'wouter'
import type { Posting } from '#contract/entry.ts'
import { intervalMethods } from '#contract/interval.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { factorsText } from '#dashboards/web/src/formula-text.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { exactText, myriadUnit, percentText, tonnesText, writtenUnit } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { unavailableText } from '#dashboards/web/src/unavailable-text.ts'
import { ConfidenceTag } from './confidence-tag.tsx'
import { Verbatim } from './verbatim.tsx'

/** How an amount is known. */
const methods = [...intervalMethods, 'recorded'] as const

interface PostingEvidenceProps {
  readonly posting: Posting
  /** Where a day of one of its meters is opened. */
  readonly pathOf: (meter: string, day: string) => string
}

/** What a posting rests on: formula, factors with version and document, meters, records, and how the amount is known. */
export function PostingEvidence({ posting, pathOf }: PostingEvidenceProps): ReactNode {
  const speech = useSpeech()
  const { t, locale, nameOf, language } = speech
  const { nowMs, timeZone } = useMinute()
  const names = meterNames(useParkTree())
  const { activity, tCo2, factors, evidence } = posting
  return (
    <Descriptions size="small" column={1} bordered className="posting-evidence">
      <Descriptions.Item label={t('account.formula')}>
        {t(`formula.${posting.formula}`)}
        <br />
        <span className="number">
          {activity === undefined
            ? '—'
            : `${exactText(activity.amount)} ${myriadUnit(activity.unit, language)}`}
          {factorsText(posting)}
          {' = '}
          {tCo2 === undefined ? '—' : `${tonnesText(tCo2, locale)} ${t('unit.tCo2')}`}
        </span>
        {posting.unavailable !== undefined && (
          <p className="is-incomplete">
            {t('account.unavailable', { why: unavailableText(posting.unavailable, speech) })}
          </p>
        )}
      </Descriptions.Item>
      {factors.map((factor) => (
        <Descriptions.Item key={`${factor.what} ${factor.code}`} label={t(`factor.${factor.what}`)}>
          <span className="number">{factor.value}</span> {writtenUnit(factor.unit)} ·{' '}
          <Link href={`/factors/${factor.code}`}>
            <Verbatim>{factor.code}</Verbatim>
          </Link>{' '}
          <ConfidenceTag confidence={factor.confidence} />
          <br />
          <Verbatim className="role">{factor.document}</Verbatim>
        </Descriptions.Item>
      ))}
      {evidence.meters.map((meter) => (
        <Descriptions.Item key={`${meter.meter} ${meter.quantity}`} label={t('account.meter')}>
          <Link
            // The last day of the stretch, or today while it has not ended.
            href={pathOf(meter.meter, dayOf(Math.min(meter.toMs - 1, nowMs), timeZone))}
            data-testid={`evidence-${meter.meter}`}
          >
            {nameOf(names.get(meter.meter) ?? { zh: meter.meter, en: meter.meter })}
          </Link>{' '}
          <Verbatim className="role">{meter.meter}</Verbatim>{' '}
          <span className="number">
            {meter.energy === undefined ? '—' : exactText(meter.energy)} {meter.unit}
            {meter.share !== '1' && ` × ${meter.share}`}
          </span>{' '}
          ({t('account.slots', { known: meter.slots.known, expected: meter.slots.expected })})
        </Descriptions.Item>
      ))}
      {evidence.records.map(({ record, amount, use }) => (
        <Descriptions.Item key={`record ${record} ${use}`} label={t('account.record', { record })}>
          <span className="number">{exactText(amount)}</span>
        </Descriptions.Item>
      ))}
      {methods.map((method) => {
        const share = posting.methods[method]
        return share === undefined ? null : (
          <Descriptions.Item key={method} label={t(`method.${method}`)}>
            {percentText(Number(share), locale)}
          </Descriptions.Item>
        )
      })}
    </Descriptions>
  )
}
