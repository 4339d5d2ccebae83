import { dirname } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import type { StateMessage } from '#contract/messages.ts'
import { checkedGateway } from '#firmware-config/gateway-text.ts'
import { parseGatewayText, type GatewayFile } from '#firmware-config/gateway.ts'
import { openProfiles, type ParsedProfiles } from '#firmware-config/profile-library.ts'
import { startAgent, type Agent } from './agent.ts'
import { chooseConfiguration, type Choice } from './choice.ts'
import { watchFile } from './file-watch.ts'
import { Reconfiguration } from './reconfiguration.ts'

/** Files of a gateway whose configuration can change while it runs. */
export interface GatewayFiles {
  /** gateway.yaml, watched; never written. */
  readonly localFile: string
  /** Keys that may sign configurations; where there is no such file none is taken from the broker. */
  readonly trustFile: string
  /** Where the agent remembers which configuration holds; it is made where there is none. */
  readonly memoryFile: string
  /** A folder with profiles of the user, read anew for each configuration. */
  readonly profileFolder?: string | undefined
}

/**
 * The configuration with which this gateway starts. At a start a gateway is lenient: it takes whatever can be run.
 * Throws, where none can be, what is wrong with the local file.
 */
export function startingConfiguration(files: GatewayFiles, nowMs: number): Choice {
  const folder = dirname(files.localFile)
  return chooseConfiguration({
    ...files,
    load: (text, name) => parseGatewayText(text, name, folder).value,
    nowMs,
  })
}

export interface ConfiguredGatewayOptions {
  readonly files: GatewayFiles
  /** Of `startingConfiguration`. */
  readonly choice: Choice
  readonly journalFile: string
  readonly boot?: string
  /** What the state message says of the program; nothing by default. */
  readonly software?: StateMessage['software']
  readonly clock: Clock
  readonly log: Logger
  /** A number in [0, 1); Math.random by default. */
  readonly random?: () => number
}

/** A gateway that follows its configuration, from its own file and from the broker. */
export interface ConfiguredGateway {
  readonly agent: Agent
  /** Takes the local file now, also over a remote configuration. */
  readonly reload: () => void
  stop(): Promise<void>
}

/** Starts an agent and keeps it to its configuration. Throws what `startAgent` throws. */
export async function startConfigured(options: ConfiguredGatewayOptions): Promise<ConfiguredGateway> {
  const { files, choice, log, clock } = options
  const parsed: ParsedProfiles = new Map()
  let profiles = openProfiles(files.profileFolder, parsed)
  const load = (text: string, name: string): GatewayFile => {
    profiles = openProfiles(files.profileFolder, parsed)
    return checkedGateway(text, { name, folder: dirname(files.localFile) }, profiles.load)
  }
  let reconfiguration: Reconfiguration | undefined
  for (const warning of choice.warnings) log.error({ warning }, 'the configuration needs attention')
  const agent = await startAgent({
    ...options,
    gateway: choice.gateway,
    profile: (id, ratios) => profiles.load(id, ratios),
    configuration: (payload) => reconfiguration?.takeRemote(payload),
    configurationState: () => reconfiguration?.state(),
  })
  reconfiguration = new Reconfiguration({ ...files, agent, choice, load, clock, log })
  const changes = reconfiguration
  const watching = new AbortController()
  watchFile(files.localFile, { clock, log }, () => changes.takeLocal(false), watching.signal)
  // The file may have been changed between its first look and the watch.
  changes.takeLocal(false)
  return {
    agent,
    reload: () => changes.takeLocal(true),
    stop: async () => {
      watching.abort()
      await changes.stop()
      await agent.stop()
    },
  }
}
