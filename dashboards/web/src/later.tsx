import { lazy, Suspense, type ReactNode } from 'react'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'

const LazyComponents = lazy(async () => ({ default: (await import('./components.tsx')).Components }))

/** A place for what is loaded when it is asked for, within the look of the components. */
export function Later({ children }: { children: ReactNode }): ReactNode {
  const { t } = useSpeech()
  return (
    <Suspense fallback={<Loading text={t('loading')} />}>
      <LazyComponents>{children}</LazyComponents>
    </Suspense>
  )
}
