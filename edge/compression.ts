import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { isCompressed, MESSAGE_BYTES_MAX, uplinkMessage, type UplinkMessage } from '#contract/messages.ts'

/** How payloads are written; a reader tells by their first bytes. */
export type Compression = 'zstd' | 'none'

/** Below this a frame's own bytes outweigh what it saves. */
const COMPRESS_FROM_BYTES = 200

/** JSON in UTF-8, as one Zstandard frame where that is shorter. */
export function pack(content: unknown, compression: Compression): Uint8Array {
  const plain = Buffer.from(JSON.stringify(content))
  if (compression === 'none' || plain.length < COMPRESS_FROM_BYTES) return plain
  const compressed = zstdCompressSync(plain)
  return compressed.length < plain.length ? compressed : plain
}

/** The JSON value of a payload, or undefined for bytes that `pack` did not write. */
export function unpack(payload: Uint8Array): unknown {
  try {
    const plain = isCompressed(payload)
      ? zstdDecompressSync(payload, { maxOutputLength: MESSAGE_BYTES_MAX })
      : payload
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plain))
  } catch {
    // Only damaged bytes come here; the caller declares them lost.
    return undefined
  }
}

/** The message of a row's payload, or undefined for bytes that are none. */
export function messageOf(payload: Uint8Array): UplinkMessage | undefined {
  return uplinkMessage.safeParse(unpack(payload)).data
}
