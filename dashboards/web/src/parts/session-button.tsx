import type { ReactNode } from 'react'
import { Button } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'

/** Who is signed in, and the way in or out. */
export function SessionButton(): ReactNode {
  const { t } = useSpeech()
  const { info, signOut } = useSession()
  if (info?.user === null || info === undefined) {
    return (
      <Button size="small" href="#/sign-in">
        {t('signIn.submit')}
      </Button>
    )
  }
  return (
    <span className="session">
      <span>{info.user}</span>
      <Button
        size="small"
        onClick={() => {
          signOut().catch((error: unknown) => globalThis.reportError(error))
        }}
      >
        {t('signOut')}
      </Button>
    </span>
  )
}
