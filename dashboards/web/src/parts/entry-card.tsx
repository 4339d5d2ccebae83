import { useEffect, type ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { LanguageChoice } from '#dashboards/web/src/parts/language-choice.tsx'

/** The card of the pages before the park: its name, the language, and a form. */
export function EntryCard({ title, children }: { title: string; children: ReactNode }): ReactNode {
  const { t } = useSpeech()
  useEffect(() => {
    document.title = `${title} · ${t('app')}`
  }, [title, t])
  return (
    <main className="entry">
      <section className="entry-card">
        <div className="entry-head">
          <h1>{t('app')}</h1>
          <LanguageChoice />
        </div>
        <h2>{title}</h2>
        {children}
      </section>
    </main>
  )
}
