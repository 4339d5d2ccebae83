import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { ConfigurationState, StateMessage } from '#contract/messages.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import { describedMeters, Polling, type LoadProfile, type PollingChange } from './polling.ts'
import type { Signs } from './probation.ts'
import { Recorder, settledAtStart } from './recorder.ts'
import type { AgentReport } from './report.ts'
import { Uplink } from './uplink.ts'

export interface AgentOptions {
  readonly gateway: GatewayFile
  /** Path of the journal; it is made where there is none. */
  readonly journalFile: string
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1); Math.random by default. */
  readonly random?: () => number
  /** Identity of this boot of the machine: monotonic times of the same boot can be compared. By default nothing can. */
  readonly boot?: string
  /** Where meter profiles come from; those of firmware-config by default. */
  readonly profile?: LoadProfile
  /** Takes each payload of `down/configuration`; by default the gateway does not listen there. Must not throw. */
  readonly configuration?: (payload: Uint8Array) => void
  /** What the state message says of the program; nothing by default. */
  readonly software?: StateMessage['software']
  /** What the state message says of the configuration. */
  readonly configurationState?: () => ConfigurationState | undefined
}

export interface Agent {
  /** How the gateway is doing at this moment. */
  report(): AgentReport
  /** Stops polling, commits what was read, says farewell to the broker and closes the journal. Twice is once. */
  stop(): Promise<void>
  /**
   * Goes over to another configuration of the same gateway: only what is described otherwise is stopped and started.
   * Calls must not overlap, nor follow `stop`. Throws, having changed nothing, what `startAgent` throws of a
   * configuration, or `gateway-mismatch`.
   */
  change(gateway: GatewayFile): Promise<AgentChange>
  /** What works at this moment. */
  signs(): Signs
  /** Lets the state message be published soon. */
  stateChanged(): void
}

export interface AgentChange extends PollingChange {
  /** True where the connection to the broker was made anew. */
  readonly uplinkRenewed: boolean
  /** Settings that hold from the next start on. */
  readonly needsRestart: readonly string[]
}

/**
 * Starts a gateway: polls its meters, keeps the readings in the journal, delivers them. It runs until `stop`, whatever
 * meters, lines and broker do.
 *
 * Throws, having started nothing: `profile-unknown`, `InvalidFile` or `file-invalid` for a configuration that cannot be
 * run, `journal-unusable` for a journal that cannot be opened.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { log, random = Math.random, profile = loadProfile } = options
  let gateway = options.gateway
  let described = describedMeters(gateway, profile)
  let delivery: Delivery | undefined
  const stateChanged = (): void => delivery?.uplink.stateChanged()
  const recorder = new Recorder({
    gateway,
    journalFile: options.journalFile,
    boot: options.boot ?? randomUUID(),
    clock: options.clock,
    log,
    committed: (rows) => delivery?.uplink.offer(rows),
    changed: stateChanged,
  })
  const settled = settledAtStart(gateway)
  // From here on all time is that which the recorder keeps: slots and stamps must be of one clock.
  const { clock, journal } = recorder
  const polling = new Polling({ clock, log, random, read: recorder.read, changed: stateChanged })

  const polled = (): Pick<StateMessage, 'meters' | 'buses'> => ({
    meters: polling.states(),
    buses: polling.busStates(),
  })

  const deliver = (): Delivery => {
    const uplink = new Uplink({
      ...gateway.uplink,
      gateway: gateway.gateway,
      park: gateway.park,
      journal,
      clock,
      log,
      random,
      state: () => {
        const configuration = options.configurationState?.()
        return {
          ...recorder.state(),
          ...(configuration === undefined ? {} : { configuration }),
          ...(options.software === undefined ? {} : { software: options.software }),
          ...polled(),
        }
      },
      serverTime: (serverMs, roundTripMs) => clock.confirm(serverMs, roundTripMs),
      configuration: options.configuration,
    })
    return { uplink, ended: uplink.run() }
  }

  const stopping = new AbortController()
  delivery = deliver()
  await polling.change(described)
  const upkeep = recorder.upkeep(stopping.signal)
  log.info({ gateway: gateway.gateway, epoch: journal.epoch, meters: described.length }, 'the agent runs')

  const change = async (next: GatewayFile): Promise<AgentChange> => {
    refuseOther(next, gateway)
    const wanted = describedMeters(next, profile, described)
    const uplinkRenewed = !isDeepStrictEqual(connectionOf(next), connectionOf(gateway))
    gateway = next
    described = wanted
    recorder.change(next)
    const changed = await polling.change(wanted)
    if (uplinkRenewed) {
      await delivery?.uplink.stop()
      await delivery?.ended
      delivery = deliver()
    }
    const now = settledAtStart(next)
    const needsRestart = [...now.keys()].filter((setting) => now.get(setting) !== settled.get(setting))
    return { ...changed, uplinkRenewed, needsRestart }
  }

  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all([polling.stop(), upkeep])
    recorder.finish()
    await delivery?.uplink.stop()
    await delivery?.ended
    journal.close()
    log.info({ gateway: gateway.gateway }, 'the agent has stopped')
  }
  const report = (): AgentReport => {
    const nowMs = clock.monotonicMs()
    const { connected, sinceMs } = delivery?.uplink.connection ?? { connected: false, sinceMs: nowMs }
    return {
      gateway: gateway.gateway,
      epoch: journal.epoch,
      described: described.length,
      shortestMs: Math.min(...described.flatMap(({ polled }) => polled.tasks.map(({ everyMs }) => everyMs))),
      sincePollMs: nowMs - polling.polledMs,
      uplink: { connected, forMs: nowMs - sinceMs },
      ...recorder.state(),
      ...polled(),
    }
  }
  let stopped: Promise<void> | undefined
  return {
    report,
    stop: () => (stopped ??= stop()),
    change,
    signs: () => ({ connected: delivery?.uplink.connected === true, ...polling.signs() }),
    stateChanged,
  }
}

interface Delivery {
  readonly uplink: Uplink
  /** Resolves when it has stopped. */
  readonly ended: Promise<void>
}

/** Everything on which the connection to the broker depends. */
function connectionOf({ uplink }: GatewayFile): object {
  return { ...uplink, compression: undefined }
}

/** The journal and the topics are this gateway's: another needs another agent. */
function refuseOther(next: GatewayFile, { park, gateway }: GatewayFile): void {
  if (next.gateway === gateway && next.park === park) return
  throw new Fault(
    'gateway-mismatch',
    `It is for the gateway ${next.gateway} of the park ${next.park}; this is ${gateway} of ${park}.`,
  )
}
