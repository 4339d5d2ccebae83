import type { ReactNode } from 'react'
import { Alert } from 'antd'
import { SLOT_MS } from '#contract/grid.ts'
import { statement, type StatementLine } from '#dashboards/api/account-shapes.ts'
import { sourceText } from '#dashboards/web/src/account-text.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { postingTrace } from '#dashboards/web/src/trace-paths.ts'
import { Loading } from './loading.tsx'
import { PostingEvidence } from './posting-evidence.tsx'
import { TraceHead } from './trace-head.tsx'
import { TraceSlots } from './trace-slots.tsx'
import { NotRead } from './not-read.tsx'

interface TracePostingProps {
  readonly account: string
  readonly month: string
  readonly source: string
  readonly meter: string
  readonly day: string
  readonly slot?: string | undefined
}

/** The revision of a slot that a posting rests on; undefined where it rests on none of it. */
function revisionIn({ posting }: StatementLine, meter: string, slotMs: number): number | undefined {
  const runs = posting.evidence.meters.find((each) => each.meter === meter)?.runs ?? []
  return runs.find(([fromMs, slots]) => slotMs >= fromMs && slotMs < fromMs + slots * SLOT_MS)?.[2]
}

/** A posting of an account, and a day of one of its meters in the revisions that it rests on. */
export function TracePosting({ meter, day, slot, ...posting }: TracePostingProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const park = useParkTree()
  const names = meterNames(park)
  const { account, month, source } = posting
  const path = `api/v1/accounts/${account}/statement?from=${month}&to=${month}`
  const { data, failed, failure } = useAnswer(statement, path, 0)
  const line = data?.lines.find((each) => each.month === month && each.source === source)
  const whose = [park, ...park.enterprises].find(({ id }) => id === account)?.name ?? {
    zh: account,
    en: account,
  }
  const sourceName = data === undefined ? source : sourceText(data, source, speech)
  const name = nameOf(names.get(meter) ?? { zh: meter, en: meter })
  return (
    <>
      <TraceHead
        title={[nameOf(whose), month, sourceName, name].join(' · ')}
        step={slot === undefined ? 'slots' : 'registers'}
      />
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('loading')} />
      ) : line === undefined ? (
        <Alert type="warning" showIcon title={t('trace.noPosting')} />
      ) : (
        <>
          <TraceSlots
            meter={meter}
            quantity={line.posting.evidence.meters.find((each) => each.meter === meter)?.quantity}
            day={day}
            slotMs={slot === undefined ? undefined : Number(slot)}
            pathOf={(next, slotMs) => postingTrace(posting, meter, next, slotMs)}
            usedIn={(slotMs) => revisionIn(line, meter, slotMs)}
          />
          <section className="panel">
            <h2>
              {t('trace.step.formula')}{' '}
              <small>
                {line.entry === undefined
                  ? t('account.provisional')
                  : t('trace.entryNumber', { entry: line.entry })}
              </small>
            </h2>
            <PostingEvidence
              posting={line.posting}
              pathOf={(next, last) => postingTrace(posting, next, last)}
            />
          </section>
        </>
      )}
    </>
  )
}
