import { memo, useEffect, useRef, type ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent, type Connection } from '#dashboards/web/src/live.ts'
import { secondText, weekdayText } from '#dashboards/web/src/numbers.ts'
import { AlarmBadge } from '#dashboards/web/src/parts/alarm-badge.tsx'
import { Hint } from '#dashboards/web/src/parts/hint.tsx'
import { LanguageChoice } from '#dashboards/web/src/parts/language-choice.tsx'
import { LookButton } from '#dashboards/web/src/parts/look-button.tsx'
import { SessionButton } from '#dashboards/web/src/parts/session-button.tsx'
import type { PageRoute } from '#dashboards/web/src/routes.ts'

interface HeaderBarProps {
  readonly title: string
  readonly menu: readonly PageRoute[]
  readonly connection: Connection
  readonly simulated: boolean
  /** False until the server's time has been heard. */
  readonly known: boolean
}

function Clock(): ReactNode {
  const { locale } = useSpeech()
  const { nowMs, timeZone } = usePresent()
  return (
    <time className="header-clock" data-testid="clock">
      <span className="header-date">
        {dayOf(nowMs, timeZone)} {weekdayText(nowMs, locale, timeZone)}
      </span>
      <span className="number">{secondText(nowMs, locale, timeZone)}</span>
    </time>
  )
}

function Bar({ title, menu, connection, simulated, known }: HeaderBarProps): ReactNode {
  const { t } = useSpeech()
  const [location] = useLocation()
  const bar = useRef<HTMLElement>(null)
  // On a phone the menu is wider than the screen: the page that is open is in sight. Drawn anew with page and language alone.
  useEffect(() => {
    const current = bar.current?.querySelector<HTMLElement>('[aria-current=page]')
    if (bar.current === null || current === null || current === undefined) return
    bar.current.scrollLeft = current.offsetLeft - (bar.current.clientWidth - current.offsetWidth) / 2
  })
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
      </div>
      <nav ref={bar} className="header-menu" aria-label={t('menu')}>
        {menu
          .filter(({ inMenu }) => inMenu !== false)
          .map((page) => (
            <Link
              key={page.path}
              href={page.path}
              className={page.path === location ? 'is-current' : ''}
              aria-current={page.path === location ? 'page' : undefined}
            >
              {t(page.title)}
            </Link>
          ))}
      </nav>
      {simulated && (
        <Hint text={t('simulated.hint')}>
          <span className="simulated" data-testid="simulated">
            {t('simulated')}
          </span>
        </Hint>
      )}
      <div className="header-side">
        {known && <Clock />}
        <span className={`connection is-${connection}`} role="status" data-testid="connection">
          {t(`stream.${connection}`)}
        </span>
        <AlarmBadge />
        <SessionButton />
        <a className="header-button from-md" href="#/wall">
          {t('wall.open')}
        </a>
        <LookButton />
        <LanguageChoice />
      </div>
    </header>
  )
}

/** Name of the park, menu, clock and what concerns the viewer. */
export const HeaderBar = memo(Bar)
