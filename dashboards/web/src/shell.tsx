import { memo, useMemo, useRef, type ReactNode } from 'react'
import { Route, Switch } from 'wouter'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Later } from '#dashboards/web/src/later.tsx'
import { useLivePark } from '#dashboards/web/src/live-park.ts'
import { secondText } from '#dashboards/web/src/numbers.ts'
import { NowPage } from '#dashboards/web/src/pages/now.tsx'
import { ParkProvider } from '#dashboards/web/src/park-context.tsx'
import { Boundary } from '#dashboards/web/src/parts/boundary.tsx'
import { HeaderBar } from '#dashboards/web/src/parts/header-bar.tsx'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { Notice } from '#dashboards/web/src/parts/notice.tsx'
import { PresentProvider } from '#dashboards/web/src/present.tsx'
import { routes, type PageRoute } from '#dashboards/web/src/routes.ts'
import { useSession } from '#dashboards/web/src/session.tsx'

/** The pages that the viewer may open. */
function usePages(): readonly PageRoute[] {
  const { info, may } = useSession()
  return useMemo(
    () =>
      routes.filter(
        ({ needs, forEnterprises }) => may(needs) && (forEnterprises || (info?.enterprise ?? null) === null),
      ),
    [info, may],
  )
}

/** The page of the address. Neither the clock nor a live value draws it again: its parts ask for what they show. */
const Pages = memo(function Pages(): ReactNode {
  const { t } = useSpeech()
  const pages = usePages()
  return (
    <Switch>
      <Route path="/">
        <Boundary>
          <NowPage />
        </Boundary>
      </Route>
      {pages.map(({ path, page: Page }) => (
        <Route key={path} path={path}>
          <Boundary>
            <Later>
              <Page />
            </Later>
          </Boundary>
        </Route>
      ))}
      <Route>
        <Notice tone="warning">{t('page.unknown')}</Notice>
      </Route>
    </Switch>
  )
})

/** What stands around every page: header with menu, the live stream, and the state of the connection. */
export function Shell(): ReactNode {
  const { t, locale } = useSpeech()
  const { connection, time, timeZone, title, simulated, failed, data } = useLivePark()
  const pages = usePages()
  const menu = useMemo(() => pages.filter(({ inMenu = true }) => inMenu), [pages])
  const content = useRef<HTMLElement>(null)
  const brokenTitle =
    time === undefined
      ? t('stream.neverTitle')
      : t('stream.brokenTitle', { time: secondText(time.nowMs, locale, timeZone) })
  return (
    <PresentProvider time={time} live={connection === 'live'} timeZone={timeZone}>
      <button type="button" className="skip" onClick={() => content.current?.focus()}>
        {t('menu.skip')}
      </button>
      <Boundary>
        <HeaderBar
          title={title}
          menu={menu}
          connection={connection}
          simulated={simulated}
          known={time !== undefined}
        />
      </Boundary>
      <main ref={content} tabIndex={-1} className={connection === 'broken' ? 'is-broken' : ''}>
        {connection === 'broken' && (
          <div className="broken">
            <Notice tone="error">{brokenTitle}</Notice>
          </div>
        )}
        {failed && <Notice tone="warning">{t('failed.park')}</Notice>}
        {data === undefined ? (
          <Loading text={t('loading')} />
        ) : (
          <ParkProvider value={data}>
            <Pages />
          </ParkProvider>
        )}
      </main>
    </PresentProvider>
  )
}
