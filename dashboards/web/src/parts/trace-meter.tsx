import type { ReactNode } from 'react'
import { Link, useSearch } from 'wouter'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { metersById } from '#dashboards/web/src/meter-names.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { Notice } from './notice.tsx'
import { TraceHead } from './trace-head.tsx'
import { TraceSlots } from './trace-slots.tsx'

interface TraceMeterProps {
  readonly meter: string
  readonly day: string
  readonly slot?: string | undefined
}

/** What a meter measured in a day: its slots, and one of them down to the register. */
export function TraceMeter({ meter, day, slot }: TraceMeterProps): ReactNode {
  const { t, nameOf } = useSpeech()
  const quantity = new URLSearchParams(useSearch()).get('quantity') ?? undefined
  const facts = metersById(useParkTree()).get(meter)
  if (facts === undefined) return <Notice tone="warning">{t('meter.unknown', { id: meter })}</Notice>
  return (
    <>
      <TraceHead
        title={t('trace.ofMeter', { meter: nameOf(facts.name), day })}
        step={slot === undefined ? 'slots' : 'registers'}
      />
      <p className="panel-note">
        {t('trace.slotFormula')} <Link href={`/meters/${meter}`}>{t('meter.open')}</Link>
      </p>
      <TraceSlots
        meter={meter}
        quantity={quantity}
        day={day}
        slotMs={slot === undefined ? undefined : Number(slot)}
        pathOf={(next, slotMs) => meterTrace(meter, next, slotMs, quantity)}
      />
    </>
  )
}
