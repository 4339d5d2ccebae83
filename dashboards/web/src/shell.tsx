import { Suspense, useEffect, useMemo, type ReactNode } from 'react'
import { Alert, Spin } from 'antd'
import { Route, Switch } from 'wouter'
import { parkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { PresentContext, useLiveStream, useServerNow } from '#dashboards/web/src/live.ts'
import { secondText } from '#dashboards/web/src/numbers.ts'
import { ParkProvider } from '#dashboards/web/src/park-context.tsx'
import { HeaderBar } from '#dashboards/web/src/parts/header-bar.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { routes, type PageRoute } from '#dashboards/web/src/routes.ts'
import { useSession } from '#dashboards/web/src/session.tsx'

/** The pages that the viewer may open. */
function useMenu(): readonly PageRoute[] {
  const { info, may } = useSession()
  return routes.filter(
    ({ needs, forEnterprises }) => may(needs) && (forEnterprises || (info?.enterprise ?? null) === null),
  )
}

/** What stands around every page: header with menu, the live stream, and the state of the connection. */
export function Shell(): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const { connection, overview, time, snapshots } = useLiveStream('api/live')
  const park = useAnswer(parkTree, 'api/park', snapshots)
  const menu = useMenu()
  const nowMs = useServerNow(time)
  const timeZone = park.data?.timeZone ?? 'UTC'
  const live = connection === 'live'
  const present = useMemo(() => ({ nowMs: nowMs ?? 0, live, timeZone }), [nowMs, live, timeZone])
  const tree = park.data
  const data = useMemo(
    () => (tree === undefined || overview === undefined ? undefined : { park: tree, overview }),
    [tree, overview],
  )

  const title = tree === undefined ? t('app') : nameOf(tree.name)
  useEffect(() => {
    document.title = `${title} · ${t('app')}`
  }, [title, t])

  const brokenTitle =
    time === undefined
      ? t('stream.neverTitle')
      : t('stream.brokenTitle', { time: secondText(time.nowMs, locale, timeZone) })
  return (
    <PresentContext value={present}>
      <HeaderBar
        title={title}
        menu={menu}
        connection={connection}
        simulated={overview?.simulated ?? false}
        known={time !== undefined}
      />
      <main className={connection === 'broken' ? 'is-broken' : ''}>
        {connection === 'broken' && <Alert className="broken" type="error" showIcon title={brokenTitle} />}
        {park.failed && <Alert type="warning" showIcon title={t('failed.park')} />}
        {data === undefined ? (
          <Loading text={t('loading')} />
        ) : (
          <ParkProvider value={data}>
            <Suspense fallback={<Spin />}>
              <Switch>
                {menu.map(({ path, page }) => (
                  <Route key={path} path={path} component={page} />
                ))}
                <Route>
                  <Alert type="warning" showIcon title={t('page.unknown')} />
                </Route>
              </Switch>
            </Suspense>
          </ParkProvider>
        )}
      </main>
    </PresentContext>
  )
}
