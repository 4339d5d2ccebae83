import type { ReactNode } from 'react'
import type { LiveGateway, ParkTree } from '#dashboards/api/shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { batchesText } from '#dashboards/web/src/numbers.ts'
import { Age } from './age.tsx'
import { Nothing } from './nothing.tsx'
import { Scrollable } from './scrollable.tsx'

interface GatewayCardProps {
  readonly gateway: LiveGateway
  readonly described: ParkTree['gateways'][number] | undefined
}

function GatewayCard({ gateway, described }: GatewayCardProps): ReactNode {
  const speech = useSpeech()
  const { t, nameOf } = speech
  const seconds = described?.silentAfterSeconds ?? 0
  return (
    <li className={`gateway is-${gateway.state}`} data-testid={`gateway-${gateway.gateway}`}>
      <div className="gateway-head">
        <span className="gateway-name">
          {described === undefined ? gateway.gateway : nameOf(described.name)}
        </span>
        <span className={`badge is-${gateway.state}`}>{t(`gateway.${gateway.state}`)}</span>
      </div>
      {gateway.why !== null && <p className="gateway-why">{t(`silence.${gateway.why}`, { seconds })}</p>}
      <dl>
        <div>
          <dt>{t('gateway.heard')}</dt>
          <dd className="number">
            {gateway.heardMs === null ? t('gateway.never') : <Age atMs={gateway.heardMs} />}
          </dd>
        </div>
        <div>
          <dt>{t('gateway.meters')}</dt>
          <dd className="number">
            {gateway.metersOk}/{gateway.meters}
          </dd>
        </div>
        {gateway.waitingRows !== null && (
          <div>
            <dt>{t('gateway.waiting')}</dt>
            <dd className="number">{batchesText(gateway.waitingRows, speech)}</dd>
          </div>
        )}
      </dl>
    </li>
  )
}

interface GatewayCardsProps {
  readonly park: ParkTree
  readonly gateways: readonly LiveGateway[]
  /** On a wall nothing is scrolled. */
  readonly onWall?: boolean
}

/** A wall has room for so many cards with all that they say, and for so many with their state alone. */
const WALL_FULL_MAX = 3
const WALL_MAX = 10

/** Silent gateways first: they are what somebody has to see to. */
export function GatewayCards({ park, gateways, onWall = false }: GatewayCardsProps): ReactNode {
  const { t } = useSpeech()
  const described = new Map(park.gateways.map((gateway) => [gateway.id, gateway]))
  const sorted = gateways.toSorted((a, b) => Number(a.state === 'online') - Number(b.state === 'online'))
  const isMany = onWall && sorted.length > WALL_FULL_MAX
  const shown = isMany ? sorted.slice(0, WALL_MAX) : sorted
  return (
    <section className={isMany ? 'panel gateways is-many' : 'panel gateways'}>
      <h2>{t('gateways.title')}</h2>
      {sorted.length === 0 ? (
        <Nothing text={t('gateways.empty')} />
      ) : (
        <Scrollable className="gateway-list" label={t('gateways.title')}>
          <ul>
            {shown.map((gateway) => (
              <GatewayCard
                key={gateway.gateway}
                gateway={gateway}
                described={described.get(gateway.gateway)}
              />
            ))}
          </ul>
        </Scrollable>
      )}
      {shown.length < sorted.length && (
        <p className="panel-note">{t('state.more', { count: sorted.length - shown.length })}</p>
      )}
    </section>
  )
}
