import { useEffect, useMemo, useRef, type ReactNode } from 'react'
import { Route, Switch } from 'wouter'
import { parkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Later } from '#dashboards/web/src/later.tsx'
import { PresentContext, useLiveStream, useServerNow } from '#dashboards/web/src/live.ts'
import { secondText } from '#dashboards/web/src/numbers.ts'
import { ParkProvider } from '#dashboards/web/src/park-context.tsx'
import { HeaderBar } from '#dashboards/web/src/parts/header-bar.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { Notice } from '#dashboards/web/src/parts/notice.tsx'
import { NowPage } from '#dashboards/web/src/pages/now.tsx'
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

  const content = useRef<HTMLElement>(null)
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
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        {t('menu.skip')}
      </button>
      <HeaderBar
        title={title}
        menu={menu}
        connection={connection}
        simulated={overview?.simulated ?? false}
        known={time !== undefined}
      />
      <main ref={content} tabIndex={-1} className={connection === 'broken' ? 'is-broken' : ''}>
        {connection === 'broken' && (
          <div className="broken">
            <Notice tone="error">{brokenTitle}</Notice>
          </div>
        )}
        {park.failed && <Notice tone="warning">{t('failed.park')}</Notice>}
        {data === undefined ? (
          <Loading text={t('loading')} />
        ) : (
          <ParkProvider value={data}>
            <Switch>
              <Route path="/" component={NowPage} />
              {menu.map(({ path, page: Page }) => (
                <Route key={path} path={path}>
                  <Later>
                    <Page />
                  </Later>
                </Route>
              ))}
              <Route>
                <Notice tone="warning">{t('page.unknown')}</Notice>
              </Route>
            </Switch>
          </ParkProvider>
        )}
      </main>
    </PresentContext>
  )
}
