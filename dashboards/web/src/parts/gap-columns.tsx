import type { TableColumnsType } from 'antd'
import { isMissing, isOfTime, type GapEntry } from '#contract/gap.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { batchesText, momentText, spanText } from '#dashboards/web/src/numbers.ts'

/** When it was, how much of it is missing, and why: what every list of gaps shows. */
export function useGapColumns<G extends GapEntry>(): TableColumnsType<G> {
  const speech = useSpeech()
  const { t, locale } = speech
  const timeZone = useTimeZone()
  return [
    {
      title: t('gap.from'),
      key: 'from',
      render: (_, { fromMs }) => <span className="number">{momentText(fromMs, locale, timeZone)}</span>,
    },
    {
      title: t('gap.to'),
      key: 'to',
      render: (_, { toMs }) => (
        <span className="number">
          {toMs === undefined ? t('gap.goesOn') : momentText(toMs, locale, timeZone)}
        </span>
      ),
    },
    {
      title: t('gap.missing'),
      key: 'missing',
      align: 'right',
      render: (_, { kind, missing }) =>
        isMissing(kind) ? (
          <span className="number">
            {isOfTime(kind) ? spanText(missing, t) : batchesText(missing, speech)}
          </span>
        ) : (
          ''
        ),
    },
    { title: t('gap.cause'), key: 'cause', render: (_, { cause }) => t(`gapCause.${cause}`) },
  ]
}
