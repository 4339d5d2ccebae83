import { createContext, useContext, useEffect, useRef, useState } from 'react'
import { overview, tick, type LiveValue, type Overview } from '#dashboards/api/shapes.ts'

/** The live stream as the page sees it: what it last said, when, and whether it still speaks. */

export type Connection = 'connecting' | 'live' | 'broken'

/** The server's clock, as last heard, with the moment of hearing it on this machine's own steady clock. */
export interface ServerTime {
  readonly nowMs: number
  readonly heardAtMs: number
}

export interface LiveView {
  readonly connection: Connection
  readonly overview: Overview | undefined
  readonly time: ServerTime | undefined
  /** Grows with every snapshot, so that what is fixed is asked for again after a restart of the server. */
  readonly snapshots: number
}

/** The server speaks every 10 s: two heartbeats that fail to come are a broken stream. */
const SILENCE_MS = 25_000
/** Pause before a stream that the browser gave up on is opened again. */
const REOPEN_MS = 3_000

const start: LiveView = { connection: 'connecting', overview: undefined, time: undefined, snapshots: 0 }

function merged(before: Overview | undefined, after: Overview): Overview {
  if (before === undefined) return after
  const changed = new Map(after.meters.map((meter) => [meter.meter, meter]))
  return { ...after, meters: before.meters.map((meter) => changed.get(meter.meter) ?? meter) }
}

const timeOf = (nowMs: number): ServerTime => ({ nowMs, heardAtMs: performance.now() })

/** Follows a live stream and opens it again when it breaks. */
export function useLiveStream(path: string): LiveView {
  const [view, setView] = useState(start)
  const reopen = useRef<number>(undefined)

  useEffect(() => {
    let source: EventSource | undefined
    let watchdog: number | undefined

    const broken = (): void => {
      window.clearTimeout(watchdog)
      setView((before) => ({ ...before, connection: 'broken' }))
      source?.close()
      window.clearTimeout(reopen.current)
      reopen.current = window.setTimeout(open, REOPEN_MS)
    }
    const heard = (next: (before: LiveView) => Partial<LiveView>): void => {
      window.clearTimeout(watchdog)
      watchdog = window.setTimeout(broken, SILENCE_MS)
      setView((before) => ({ ...before, connection: 'live', ...next(before) }))
    }
    const open = (): void => {
      source = new EventSource(path)
      watchdog = window.setTimeout(broken, SILENCE_MS)
      source.addEventListener('snapshot', ({ data }) => {
        const snapshot = overview.parse(JSON.parse(String(data)))
        heard(({ snapshots }) => ({
          overview: snapshot,
          time: timeOf(snapshot.nowMs),
          snapshots: snapshots + 1,
        }))
      })
      source.addEventListener('change', ({ data }) => {
        const after = overview.parse(JSON.parse(String(data)))
        heard((before) => ({ overview: merged(before.overview, after), time: timeOf(after.nowMs) }))
      })
      source.addEventListener('tick', ({ data }) => {
        const { nowMs } = tick.parse(JSON.parse(String(data)))
        heard(() => ({ time: timeOf(nowMs) }))
      })
      source.addEventListener('error', broken)
    }
    open()
    return () => {
      window.clearTimeout(watchdog)
      window.clearTimeout(reopen.current)
      source?.close()
    }
  }, [path])

  return view
}

const SECOND_MS = 1_000

/** The server's time now, once a second. Everything shown as an age is computed from it. */
export function useServerNow(time: ServerTime | undefined): number | undefined {
  const [hereMs, setHereMs] = useState(() => performance.now())
  useEffect(() => {
    const timer = window.setInterval(() => setHereMs(performance.now()), SECOND_MS)
    return () => window.clearInterval(timer)
  }, [])
  return time === undefined ? undefined : time.nowMs + Math.max(0, hereMs - time.heardAtMs)
}

/** What every part needs to judge a value: the server's time, and whether the stream still brings it. */
export interface Present {
  readonly nowMs: number
  readonly live: boolean
  readonly timeZone: string
}

const unknown: Present = { nowMs: 0, live: false, timeZone: 'UTC' }
/** One context for each pace at which something is drawn again; `present.tsx` gives them. */
export const SecondContext = createContext(unknown)
export const FiveSecondsContext = createContext(unknown)
export const MinuteContext = createContext(unknown)
export const TimeZoneContext = createContext(unknown.timeZone)

/** Now, by the second: for ages, and for nothing else, because who asks is drawn again every second. */
export function usePresent(): Present {
  return useContext(SecondContext)
}

/** The same by five seconds, for what is asked for again that often. */
export function useFiveSeconds(): Present {
  return useContext(FiveSecondsContext)
}

/** The same by the minute, for days, months and what is asked for again from time to time. */
export function useMinute(): Present {
  return useContext(MinuteContext)
}

/** The park's time zone, which no clock changes. */
export function useTimeZone(): string {
  return useContext(TimeZoneContext)
}

/** True while a value may be read as the present one: by the server's word, its age since, and a living stream. */
export function isFresh(value: LiveValue, limitMs: number, { nowMs, live }: Present): boolean {
  return live && value.fresh && nowMs - value.atMs <= limitMs
}
