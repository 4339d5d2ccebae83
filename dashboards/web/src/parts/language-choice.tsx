import type { ReactNode } from 'react'
import { languages, useSpeech } from '#dashboards/web/src/language.tsx'

/** The languages, each by its own name. */
export function LanguageChoice(): ReactNode {
  const { t, language, setLanguage } = useSpeech()
  return (
    <span className="choice" translate="no" role="group" aria-label={t('language')}>
      {languages.map(({ label, value, locale }) => (
        <button
          key={value}
          type="button"
          lang={locale}
          aria-pressed={value === language}
          onClick={() => setLanguage(value)}
        >
          {label}
        </button>
      ))}
    </span>
  )
}
