import type { StateMessage } from '#contract/messages.ts'

/** How a gateway is doing: what its state message says, and what only the machine itself can ask for. */
export interface AgentReport extends Pick<StateMessage, 'journal' | 'clock' | 'meters' | 'buses'> {
  readonly gateway: string
  readonly epoch: string | undefined
  /** Meters of the gateway file; `meters` has those that were polled already. */
  readonly described: number
  /** The shortest interval of all meters. */
  readonly shortestMs: number
  /** Since a poll of any meter ended, whatever came of it; since the start where none did. */
  readonly sincePollMs: number
  /** Connected or not, and for how long by now. */
  readonly uplink: { readonly connected: boolean; readonly forMs: number }
}

/** Something that a person should look at. */
export interface Complaint {
  readonly about: 'polling' | 'journal' | 'uplink' | 'meters'
  readonly what: string
}

/** A reconnect takes 20 s at most, a modem that dials anew some minutes. */
const WITHOUT_UPLINK_MS = 300_000
/** A dead meter is asked again within two minutes on the busiest line, one that is held within half a minute. */
const STANDSTILL_MS = 300_000

/**
 * Why the process should be started anew; undefined while it works. Only a standstill counts: a poll of a dead meter
 * ends too. Neither the disk, nor the network, nor the meters become better by a restart, which would cost polls, and
 * readings that wait in memory for the disk.
 */
export function standstill({ described, shortestMs, sincePollMs }: AgentReport): Complaint | undefined {
  if (described === 0 || sincePollMs <= STANDSTILL_MS + 2 * shortestMs) return undefined
  return { about: 'polling', what: `no poll has ended for ${seconds(sincePollMs)} s` }
}

/** What keeps the gateway as a whole from its work; one dead meter does not. */
export function complaints(report: AgentReport): Complaint[] {
  const { journal, uplink, meters = [], described } = report
  const found: Complaint[] = []
  const stands = standstill(report)
  if (stands !== undefined) found.push(stands)
  if (journal?.problem !== undefined) found.push({ about: 'journal', what: journal.problem })
  if (!uplink.connected && uplink.forMs > WITHOUT_UPLINK_MS) {
    found.push({ about: 'uplink', what: `no connection to the broker for ${seconds(uplink.forMs)} s` })
  }
  if (meters.length > 0 && meters.length === described && meters.every(({ state }) => state === 'silent')) {
    found.push({ about: 'meters', what: `all ${described} meters are silent` })
  }
  return found
}

const seconds = (durationMs: number): number => Math.round(durationMs / 1_000)
