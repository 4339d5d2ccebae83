import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { digest, identifier } from '#contract/identity.ts'
import { stateMessage } from '#contract/messages.ts'

/** What a gateway remembers of its configurations, in one file that is replaced as a whole. */

/** The text of a gateway file, and where it came from. */
export const configuration = z.strictObject({
  source: z.enum(['local', 'remote']),
  /** Of a remote one. */
  version: z.int().min(1).optional(),
  digest,
  text: z.string(),
})
export type Configuration = z.infer<typeof configuration>

const failure = stateMessage.shape.configuration.unwrap().shape.failed.unwrap()
export type Failure = z.infer<typeof failure>

const memory = z.strictObject({
  v: z.literal(1),
  park: identifier,
  gateway: identifier,
  /** The one that worked. */
  confirmed: configuration,
  /** One that is being tried: after a crash it was not confirmed, and is not used. */
  candidate: configuration.optional(),
  /** The last one that was not taken over. */
  failed: failure.optional(),
  /** Digest of the local file when it was last taken notice of; undefined while it could not be read. */
  localDigest: digest.optional(),
  /** The highest remote version that was ever tried, and its text's digest. */
  tried: z.strictObject({ version: z.int().min(1), digest }).optional(),
})
export type ConfigurationMemory = Omit<z.infer<typeof memory>, 'v'>

export function digestOf(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex')
}

/**
 * Reads the file; undefined where there is none. One that is damaged is set aside, `damaged` is called with the new
 * name, and there is none: then the local file holds, and the next remote version is the first.
 */
export function readMemory(file: string, damaged: (aside: string) => void): ConfigurationMemory | undefined {
  if (!existsSync(file)) return undefined
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
  try {
    const { v: _v, ...read } = memory.parse(JSON.parse(text))
    if (
      [read.confirmed, read.candidate].every(
        (each) => each === undefined || digestOf(each.text) === each.digest,
      )
    )
      return read
  } catch {
    // Not JSON, or not ours: below.
  }
  const aside = `${file}.damaged`
  renameSync(file, aside)
  damaged(aside)
  return undefined
}

/** Replaces the file: after a power cut there is the old content or the new, whole. Throws `folder-unusable`. */
export function writeMemory(file: string, content: ConfigurationMemory): void {
  const next = `${file}.next`
  try {
    const descriptor = openSync(next, 'w', 0o600)
    try {
      writeFileSync(descriptor, JSON.stringify({ v: 1, ...content }))
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(next, file)
    // The new name is safe when its folder is.
    const folder = openSync(dirname(file), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('folder-unusable', `The configuration cannot be kept: ${reason}.`, {
      place: { file },
      cause,
    })
  }
}
