import { lazy, Suspense, type ReactNode } from 'react'
import { Router } from 'wouter'
import { useHashLocation } from 'wouter/use-hash-location'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Later } from '#dashboards/web/src/later.tsx'
import { LookProvider } from '#dashboards/web/src/look.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { Shell } from '#dashboards/web/src/shell.tsx'

/** The secret in the address of a one-time link. */
function linkSecret(location: string): string | undefined {
  return /^\/welcome\/([\w-]{20,200})$/.exec(location)?.[1]
}

// Forms are a good part of the components' code, and who looks at the park needs none.
const SignInPage = lazy(async () => ({
  default: (await import('#dashboards/web/src/pages/sign-in.tsx')).SignInPage,
}))
const Wall = lazy(async () => ({ default: (await import('#dashboards/web/src/wall.tsx')).Wall }))
const WelcomePage = lazy(async () => ({
  default: (await import('#dashboards/web/src/pages/welcome.tsx')).WelcomePage,
}))

/** Addresses of pages stand behind the #, so that they work below any path of a proxy. */
const byHash = { hook: useHashLocation }

/** Which way in: a one-time link, signing in, or the park. */
export function App(): ReactNode {
  const { t } = useSpeech()
  const { info, isAway, may } = useSession()
  const [location] = useHashLocation()
  const secret = linkSecret(location)
  // Another viewer sees another park: the shell begins anew with it.
  const viewer = `${info?.user} ${info?.how}`
  if (secret !== undefined) {
    return (
      <Later>
        <WelcomePage secret={secret} />
      </Later>
    )
  }
  if (info === undefined) return <Loading text={t(isAway ? 'stream.neverTitle' : 'loading')} />
  if (location === '/sign-in' || !may('read')) {
    return (
      <Later>
        <SignInPage />
      </Later>
    )
  }
  if (location === '/wall') {
    return (
      <LookProvider always="dark">
        <Suspense fallback={<Loading text={t('loading')} />}>
          <Wall key={viewer} />
        </Suspense>
      </LookProvider>
    )
  }
  return (
    <Router {...byHash}>
      <Shell key={viewer} />
    </Router>
  )
}
