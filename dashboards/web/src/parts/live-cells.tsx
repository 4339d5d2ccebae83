import type { ReactNode } from 'react'
import { badCauses } from '#contract/reading.ts'
import type { LiveMeter, LiveValue } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { isFresh, usePresent } from '#dashboards/web/src/live.ts'
import { ageText, exactText, valueText } from '#dashboards/web/src/numbers.ts'

/** What a meter shows first: its power or flow, or its register where it has none. */
export function headlineOf(live: LiveMeter | undefined): LiveValue | undefined {
  return live?.power ?? live?.register ?? undefined
}

/** A value with its unit; grey as soon as it may not be read as the present one. */
export function ValueCell({ live }: { live: LiveMeter | undefined }): ReactNode {
  const { locale } = useSpeech()
  const present = usePresent()
  const value = headlineOf(live)
  if (live === undefined || value === undefined) return <span className="is-stale">—</span>
  const stale = !isFresh(value, live.limitMs, present)
  return (
    <span className={stale ? 'value is-stale' : 'value'}>
      <span className="number">
        {value.exact === null ? valueText(value.value, locale) : exactText(value.exact)}
      </span>{' '}
      <span className="unit">{value.unit}</span>
    </span>
  )
}

export function AgeCell({ live }: { live: LiveMeter | undefined }): ReactNode {
  const { t } = useSpeech()
  const { nowMs } = usePresent()
  const value = headlineOf(live)
  if (live === undefined || value === undefined) return <span className="is-stale">—</span>
  return <span className="age number">{ageText(nowMs - value.atMs, t)}</span>
}

export function QualityCell({ live }: { live: LiveMeter | undefined }): ReactNode {
  const { t } = useSpeech()
  const present = usePresent()
  const value = headlineOf(live)
  if (live === undefined || value === undefined) return <span className="is-stale">—</span>
  return isFresh(value, live.limitMs, present) ? (
    <span className={`quality is-${value.quality}`}>{t(`quality.${value.quality}`)}</span>
  ) : (
    <span className="quality is-old">{t('value.stale')}</span>
  )
}

export function StateCell({ live }: { live: LiveMeter | undefined }): ReactNode {
  const { t, nameOf } = useSpeech()
  if (live === undefined) return null
  const text =
    live.cause === null
      ? t(`state.${live.state}`)
      : t('state.failingCause', { cause: nameOf(badCauses[live.cause]) })
  return <span className={`state is-${live.state}`}>{text}</span>
}
