import type { ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useLook } from '#dashboards/web/src/look.tsx'

/** From light to dark and back. */
export function LookButton(): ReactNode {
  const { t } = useSpeech()
  const { look, setLook } = useLook()
  const next = look === 'dark' ? 'light' : 'dark'
  return (
    <button
      type="button"
      className="header-button"
      aria-label={t(`look.${next}`)}
      title={t(`look.${next}`)}
      onClick={() => setLook(next)}
    >
      {look === 'dark' ? '☀' : '☾'}
    </button>
  )
}
