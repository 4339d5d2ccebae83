import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { hashSecret, isSecretHash, newSecret } from './secret.ts'

/**
 * Who may connect to the embedded broker with a password: a folder with one small file a client, so that giving one
 * client a new secret never touches another's, also while the broker runs.
 */
const accessEntry = z.strictObject({
  v: z.literal(1),
  kind: z.enum(['gateway', 'operator']),
  secret: z.string().refine(isSecretHash, 'is no hash of a secret'),
})
export type AccessEntry = z.infer<typeof accessEntry>

const ENDING = '.json'

function fileOf(folder: string, username: string): string {
  return join(folder, `${username}${ENDING}`)
}

function unusable(folder: string, cause: unknown): Fault {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Fault('folder-unusable', `The secrets of MQTT clients cannot be kept: ${reason}.`, {
    place: { file: folder },
    cause,
  })
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** The secrets of MQTT clients, read anew at each question. */
export interface Access {
  /** True when no client has a secret. */
  isEmpty(): boolean
  /** What is known of a name; undefined for none. Throws `file-invalid` for a damaged file. */
  find(username: string): AccessEntry | undefined
}

/** Opens the folder of secrets; one that is not there holds none. */
export function openAccess(folder: string): Access {
  return {
    isEmpty: () => {
      try {
        return !readdirSync(folder).some((name) => name.endsWith(ENDING))
      } catch (error) {
        if (isMissing(error)) return true
        throw unusable(folder, error)
      }
    },
    find: (username) => {
      // Only an identifier is a name of a file here.
      if (!identifier.safeParse(username).success) return undefined
      let text: string
      try {
        text = readFileSync(fileOf(folder, username), 'utf8')
      } catch (error) {
        if (isMissing(error)) return undefined
        throw unusable(folder, error)
      }
      return parseEntry(text, fileOf(folder, username))
    },
  }
}

function parseEntry(text: string, file: string): AccessEntry {
  try {
    return accessEntry.parse(JSON.parse(text))
  } catch (cause) {
    throw new Fault('file-invalid', 'It holds no secret of an MQTT client.', { place: { file }, cause })
  }
}

/**
 * Gives a client a new secret and returns it: it is nowhere else. What it had before no longer works.
 * @param username an identifier: the gateway's id, or an operator's name
 * Throws `folder-unusable`.
 */
export async function giveSecret(
  folder: string,
  username: string,
  kind: AccessEntry['kind'],
  secret = newSecret(),
): Promise<string> {
  const entry: AccessEntry = { v: 1, kind, secret: await hashSecret(secret) }
  const file = fileOf(folder, identifier.parse(username))
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // In one step: a broker that reads meanwhile sees the old one or the new one.
    writeFileSync(`${file}.new`, `${JSON.stringify(entry)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch (error) {
    throw unusable(folder, error)
  }
  return secret
}

/** Takes a client's secret away. False when it had none. */
export function takeSecret(folder: string, username: string): boolean {
  if (openAccess(folder).find(username) === undefined) return false
  rmSync(fileOf(folder, username))
  return true
}
