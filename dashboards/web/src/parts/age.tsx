import type { ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent } from '#dashboards/web/src/live.ts'
import { ageText } from '#dashboards/web/src/numbers.ts'

/** How long ago something was; it alone is drawn again each second, not what it stands in. */
export function Age({ atMs }: { atMs: number }): ReactNode {
  const { t } = useSpeech()
  const { nowMs } = usePresent()
  return ageText(nowMs - atMs, t)
}
