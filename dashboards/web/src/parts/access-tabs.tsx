import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'

const pages = [
  { path: '/users', title: 'page.users', needs: 'administer' },
  { path: '/tokens', title: 'page.tokens', needs: 'administer' },
  { path: '/audit', title: 'page.audit', needs: 'read' },
] as const

/** The way between who may come in, which programs may, and what they did. */
export function AccessTabs(): ReactNode {
  const { t } = useSpeech()
  const { may } = useSession()
  const [here] = useLocation()
  return (
    <nav className="access-tabs" aria-label={t('access.tabs')}>
      {pages
        .filter(({ needs }) => may(needs))
        .map(({ path, title }) => (
          <Link key={path} href={path} aria-current={here === path ? 'page' : undefined}>
            {t(title)}
          </Link>
        ))}
    </nav>
  )
}
