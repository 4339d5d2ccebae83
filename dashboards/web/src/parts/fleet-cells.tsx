import type { ReactNode } from 'react'
import type { FleetGateway } from '#dashboards/api/fleet-shapes.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useFiveSeconds } from '#dashboards/web/src/live.ts'
import { batchesText, offsetText, spanText } from '#dashboards/web/src/numbers.ts'

/** A clock that is further off than this would put readings into the wrong slot’s edges. */
const CLOCK_OFF_MS = 2_000
/** A backlog that is older than this is more than what travels. */
const BACKLOG_OLD_MS = 5 * 60_000

/** How far a gateway's clock is from the server's, and whether readings carry its time. */
export function ClockCell({ gateway: { clock } }: { gateway: FleetGateway }): ReactNode {
  const { t, locale } = useSpeech()
  if (clock === null) return '—'
  const { condition, aheadMs } = clock
  const isOff = condition !== 'set' || (aheadMs !== undefined && Math.abs(aheadMs) > CLOCK_OFF_MS)
  const offset = aheadMs === undefined ? '' : ` ${offsetText(aheadMs, locale)}`
  return (
    <span className={isOff ? 'number is-trouble' : 'number'}>
      {t(`clock.${condition}`)}
      {offset}
    </span>
  )
}

/** What waits in a gateway's journal, and how old the oldest of it is. */
export function BacklogCell({ gateway: { journal } }: { gateway: FleetGateway }): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const { nowMs } = useFiveSeconds()
  if (journal === null) return '—'
  if (journal.problem !== undefined) return <span className="is-trouble">{journal.problem}</span>
  const ageMs = journal.oldestMs === undefined ? 0 : nowMs - journal.oldestMs
  const old = ageMs > BACKLOG_OLD_MS
  return (
    <span className={old ? 'number is-trouble' : 'number'}>
      {batchesText(journal.rows, speech)}
      {old && ` · ${spanText(ageMs, t)}`}
    </span>
  )
}

/** By what a gateway works, beside what was published for it and what it did not take over. */
export function ConfigurationCell({
  gateway: { configuration, wanted },
}: {
  gateway: FleetGateway
}): ReactNode {
  const { t } = useSpeech()
  if (configuration === null) return '—'
  const { source, version, state, failed } = configuration
  const isWaiting = wanted !== null && wanted.version !== version && failed?.version !== wanted.version
  return (
    <span className="configuration-cell">
      <span>
        {source === 'local'
          ? t('configuration.local')
          : t('configuration.version', { version: version ?? '?' })}
      </span>{' '}
      <span className={state === 'probation' ? 'is-incomplete' : 'is-complete'}>
        {t(`configuration.${state}`)}
      </span>
      {failed !== undefined && (
        <span className="is-trouble">
          {' '}
          {t('configuration.failed', { version: failed.version ?? t('configuration.local') })}{' '}
          {t(`configuration.${failed.state}`)}
        </span>
      )}
      {isWaiting && (
        <span className="is-incomplete"> {t('configuration.waiting', { version: wanted.version })}</span>
      )}
    </span>
  )
}

/** What a gateway runs; another version than the server's stands out. */
export function SoftwareCell({
  gateway: { software },
  serverVersion,
}: {
  gateway: FleetGateway
  serverVersion: string
}): ReactNode {
  const { t } = useSpeech()
  if (software === null) return '—'
  const isOther = software.version !== serverVersion
  return (
    <span
      className={isOther ? 'number is-incomplete' : 'number'}
      title={isOther ? t('fleet.otherVersion', { version: serverVersion }) : undefined}
    >
      {software.version}
      {isOther && ' ≠'}
    </span>
  )
}
