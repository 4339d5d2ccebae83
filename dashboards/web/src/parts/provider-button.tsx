import type { ReactNode } from 'react'
import { Button } from 'antd'
import { signInWays } from '#dashboards/api/session-shape.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'

/** Why a sign-in at the provider failed: the server sends its code back in the address of the page. */
export function refusalInAddress(): string | undefined {
  return new URLSearchParams(window.location.search).get('refused') ?? undefined
}

/** The way over a provider, where there is one. */
export function ProviderButton(): ReactNode {
  const { t, nameOf } = useSpeech()
  const { data } = useAnswer(signInWays, 'api/v1/session/ways', 0)
  const provider = data?.oidc ?? null
  if (provider === null) return null
  return (
    <Button block href="api/v1/session/oidc/start" style={{ marginTop: 12 }} data-testid="sign-in-provider">
      {t('signIn.provider', { name: nameOf(provider) })}
    </Button>
  )
}
