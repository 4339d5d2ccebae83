import type { ReactNode } from 'react'
import { Segmented } from 'antd'
import { languages, useSpeech } from '#dashboards/web/src/language.tsx'

/** The card of the pages before the park: its name, the language, and a form. */
export function EntryCard({ title, children }: { title: string; children: ReactNode }): ReactNode {
  const { t, language, setLanguage } = useSpeech()
  return (
    <main className="entry">
      <section className="entry-card">
        <div className="entry-head">
          <h1>{t('app')}</h1>
          <Segmented size="small" options={languages} value={language} onChange={setLanguage} />
        </div>
        <h2>{title}</h2>
        {children}
      </section>
    </main>
  )
}
