import type { ReactNode } from 'react'
import { Segmented, Tooltip } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent, type Connection } from '#dashboards/web/src/live.ts'
import { dateText, secondText, weekdayText } from '#dashboards/web/src/numbers.ts'

/** Each language by its own name, whatever the language of the page. */
const languages = [
  { label: '中文', value: 'zh' as const },
  { label: 'EN', value: 'en' as const },
]

interface HeaderBarProps {
  readonly title: string
  readonly connection: Connection
  readonly simulated: boolean
  /** False until the server's time has been heard. */
  readonly known: boolean
}

export function HeaderBar({ title, connection, simulated, known }: HeaderBarProps): ReactNode {
  const { t, language, locale, setLanguage } = useSpeech()
  const { nowMs, timeZone } = usePresent()
  return (
    <header className="header">
      <div className="header-name">
        <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
          <path
            d="M3 19a9 9 0 1 1 18 0"
            fill="none"
            stroke="currentColor"
            strokeWidth="2.4"
            strokeLinecap="round"
          />
          <path d="M12 19l4.6-6.4" stroke="#2bc4b6" strokeWidth="2.4" strokeLinecap="round" />
        </svg>
        <h1>{title}</h1>
        <span className="header-page">{t('page.now')}</span>
      </div>
      {simulated && (
        <Tooltip title={t('simulated.hint')}>
          <span className="simulated" data-testid="simulated">
            {t('simulated')}
          </span>
        </Tooltip>
      )}
      <div className="header-side">
        {known && (
          <time className="header-clock" data-testid="clock">
            <span className="header-date">
              {dateText(nowMs, locale, timeZone)} {weekdayText(nowMs, locale, timeZone)}
            </span>
            <span className="number">{secondText(nowMs, locale, timeZone)}</span>
          </time>
        )}
        <span className={`connection is-${connection}`} role="status" data-testid="connection">
          {t(`stream.${connection}`)}
        </span>
        <Segmented size="small" options={languages} value={language} onChange={setLanguage} />
      </div>
    </header>
  )
}
