import { readFileSync } from 'node:fs'
import { Fault, faultText } from '#contract/fault.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'
import {
  digestOf,
  readMemory,
  type Configuration,
  type ConfigurationMemory,
  type Failure,
} from './configuration-file.ts'

/** Which configuration a gateway starts with (docs/decisions/0009-which-configuration-holds.md). */

export interface ChoiceOptions {
  readonly localFile: string
  readonly memoryFile: string
  /** A gateway file from its text. Throws a Fault for what cannot be run. */
  readonly load: (text: string, name: string) => GatewayFile
  /** UTC milliseconds. */
  readonly nowMs: number
}

export interface Choice {
  readonly gateway: GatewayFile
  readonly memory: ConfigurationMemory
  /** What a person should know, for the log. */
  readonly warnings: readonly string[]
}

/** What findings call the text of a configuration. */
export function nameOf(
  { source, version }: Pick<Configuration, 'source' | 'version'>,
  localFile: string,
): string {
  return source === 'local' ? localFile : `configuration ${version}`
}

/** The text of the local file. Throws `file-unreadable`. */
export function localText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
}

/** The report of one that was not taken over. */
export function failureOf(
  { source, version, digest }: Omit<Configuration, 'text'>,
  state: Failure['state'],
  atMs: number,
  error: string,
): Failure {
  const ERROR_CHARACTERS_MAX = 4_000
  return {
    source,
    ...(version === undefined ? {} : { version }),
    digest,
    state,
    atMs: Math.max(0, Math.floor(atMs)),
    error: error.slice(0, ERROR_CHARACTERS_MAX),
  }
}

/**
 * The configuration to start with: the local file where it was changed since the agent last saw it, else the one that
 * was last confirmed. A local file that cannot be run does not keep a gateway from going on with the confirmed one.
 * Throws, where none can be run, what is wrong with the local file.
 */
export function chooseConfiguration(options: ChoiceOptions): Choice {
  const { localFile, memoryFile, load, nowMs } = options
  const warnings: string[] = []
  const memory = readMemory(memoryFile, (aside) =>
    warnings.push(`The memory of configurations was damaged; it is kept as ${aside}.`),
  )
  const local = attempt(() => {
    const text = localText(localFile)
    return { text, digest: digestOf(text) }
  })
  const isNew = !(local instanceof Fault) && local.digest !== memory?.localDigest
  let problem = local instanceof Fault ? failureOf(UNREAD, 'refused', nowMs, faultText(local)) : undefined
  const fromLocal = (): Choice => {
    if (local instanceof Fault) throw local
    const { text, digest } = local
    const gateway = load(text, localFile)
    // A journal and its topics belong to one gateway; so do the versions that were tried.
    const isSame = memory?.gateway === gateway.gateway && memory.park === gateway.park
    return {
      gateway,
      memory: {
        park: gateway.park,
        gateway: gateway.gateway,
        confirmed: { source: 'local', digest, text },
        localDigest: digest,
        ...(isSame && memory.tried !== undefined ? { tried: memory.tried } : {}),
      },
      warnings,
    }
  }
  if (memory === undefined) return fromLocal()
  if (isNew) {
    const choice = attempt(fromLocal)
    if (!(choice instanceof Fault)) return choice
    problem = failureOf({ source: 'local', digest: local.digest }, 'refused', nowMs, faultText(choice))
  }
  const { confirmed, candidate, ...rest } = memory
  const gateway = attempt(() => load(confirmed.text, nameOf(confirmed, localFile)))
  if (gateway instanceof Fault) {
    warnings.push(`The confirmed configuration cannot be run any more: ${gateway.message}`)
    const choice = fromLocal()
    const failed = failureOf(confirmed, 'refused', nowMs, faultText(gateway))
    return { ...choice, memory: { ...choice.memory, failed } }
  }
  if (candidate !== undefined) {
    problem = failureOf(candidate, 'rolled-back', nowMs, 'The agent ended before it was confirmed.')
  }
  if (problem !== undefined) warnings.push(`The former configuration holds: ${problem.error}`)
  return {
    gateway,
    memory: { ...rest, confirmed, ...(problem === undefined ? {} : { failed: problem }) },
    warnings,
  }
}

const UNREAD = { source: 'local', digest: digestOf('') } as const

function attempt<T>(action: () => T): T | Fault {
  try {
    return action()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
}
