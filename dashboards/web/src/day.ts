import { useState } from 'react'
import { dayView, type DayView } from '#dashboards/api/day-shapes.ts'
import { useAnswer, type Failure, type Fetched } from '#dashboards/web/src/answers.ts'
import { useMinute } from '#dashboards/web/src/live.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'

/** The day beside other days: slots end every quarter of an hour, and the server keeps its figures for half a minute. */
const REFRESH_MS = 60_000

/** Figures of the day; nothing where the park has no accounting plan. */
export function useDay(): Fetched<DayView> {
  const { nowMs, live } = useMinute()
  const { accounting } = useParkTree()
  // Asked for after the first live values; what has come stays when the stream breaks.
  const [wasLive, setWasLive] = useState(live)
  if (live && !wasLive) setWasLive(true)
  const refresh = live ? Math.floor(nowMs / REFRESH_MS) : 'broken'
  return useAnswer(dayView, wasLive && accounting ? 'api/v1/day' : undefined, refresh)
}

/** The same, and whether it has come once, with figures or without: what can wait is asked for after it. */
export function useDayOnce(): {
  readonly data: DayView | undefined
  readonly hasCome: boolean
  readonly failure: Failure | undefined
} {
  const { data, failed, failure } = useDay()
  const { accounting } = useParkTree()
  const [hasCome, setHasCome] = useState(false)
  if (!hasCome && (data !== undefined || failed || !accounting)) setHasCome(true)
  return { data, hasCome, failure }
}

type Stretch = DayView['stretches'][number]

/** What a stretch's accounts come to; undefined where one of them is not known. */
export function tonnesOf(stretch: Stretch | undefined): { tCo2: number; incomplete: boolean } | undefined {
  if (stretch === undefined || stretch.accounts.length === 0) return undefined
  let tCo2 = 0
  for (const account of stretch.accounts) {
    if (account.tCo2 === null) return undefined
    tCo2 += Number(account.tCo2)
  }
  return { tCo2, incomplete: stretch.accounts.some(({ incomplete }) => incomplete) }
}
