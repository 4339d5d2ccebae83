import { useEffect, useMemo } from 'react'
import { parkTree, type Overview, type ParkTree } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useLiveStream, type Connection, type ServerTime } from '#dashboards/web/src/live.ts'
import { useSession } from '#dashboards/web/src/session.tsx'

/** The park and what it does now, for whatever shows it. */
export interface LivePark {
  readonly connection: Connection
  /** Undefined until the server has been heard. */
  readonly time: ServerTime | undefined
  readonly timeZone: string
  readonly title: string
  readonly simulated: boolean
  readonly failed: boolean
  /** Undefined until both have come. */
  readonly data: { readonly park: ParkTree; readonly overview: Overview } | undefined
}

/** Follows the live stream and names the browser's window after the park. */
export function useLivePark(): LivePark {
  const { t, nameOf } = useSpeech()
  const { connection, overview, time, snapshots } = useLiveStream('api/live')
  const { recheck } = useSession()
  // A stream ends with its session too, and then no waiting helps.
  useEffect(() => {
    if (connection === 'broken') recheck()
  }, [connection, recheck])
  const answer = useAnswer(parkTree, 'api/park', snapshots)
  const park = answer.data
  const timeZone = park?.timeZone ?? 'UTC'
  const data = useMemo(
    () => (park === undefined || overview === undefined ? undefined : { park, overview }),
    [park, overview],
  )
  const title = park === undefined ? t('app') : nameOf(park.name)
  useEffect(() => {
    document.title = `${title} · ${t('app')}`
  }, [title, t])
  return {
    connection,
    time,
    timeZone,
    title,
    simulated: overview?.simulated ?? false,
    failed: answer.failed,
    data,
  }
}
