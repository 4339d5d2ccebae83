import { useMemo, type ReactNode } from 'react'
import {
  MinuteContext,
  FiveSecondsContext,
  SecondContext,
  TimeZoneContext,
  useServerNow,
  type Present,
  type ServerTime,
} from './live.ts'

/** Now, cut off to a pace; the same object until that pace has gone on. */
function usePaced({ nowMs, live, timeZone }: Present, paceMs: number): Present {
  const pacedMs = Math.floor(nowMs / paceMs) * paceMs
  return useMemo(() => ({ nowMs: pacedMs, live, timeZone }), [pacedMs, live, timeZone])
}

interface PresentProviderProps {
  readonly time: ServerTime | undefined
  readonly live: boolean
  readonly timeZone: string
  readonly children: ReactNode
}

/** The clock of all pages. It draws itself again each second, and of its children those alone that ask for that pace. */
export function PresentProvider({ time, live, timeZone, children }: PresentProviderProps): ReactNode {
  const nowMs = useServerNow(time) ?? 0
  const present = useMemo(() => ({ nowMs, live, timeZone }), [nowMs, live, timeZone])
  const fiveSeconds = usePaced(present, 5_000)
  const minute = usePaced(present, 60_000)
  return (
    <TimeZoneContext value={timeZone}>
      <MinuteContext value={minute}>
        <FiveSecondsContext value={fiveSeconds}>
          <SecondContext value={present}>{children}</SecondContext>
        </FiveSecondsContext>
      </MinuteContext>
    </TimeZoneContext>
  )
}
