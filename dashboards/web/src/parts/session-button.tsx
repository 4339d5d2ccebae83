import type { ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'

/** Who is signed in, and the way in or out. */
export function SessionButton(): ReactNode {
  const { t } = useSpeech()
  const { info, signOut } = useSession()
  if (info?.user === null || info === undefined) {
    return (
      <a className="header-button" href="#/sign-in">
        {t('signIn.submit')}
      </a>
    )
  }
  return (
    <span className="session">
      <span translate="no">{info.user}</span>
      <button
        type="button"
        className="header-button"
        onClick={() => {
          signOut().catch((error: unknown) => globalThis.reportError(error))
        }}
      >
        {t('signOut')}
      </button>
    </span>
  )
}
