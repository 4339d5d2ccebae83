import { constants, zstdDecompressSync } from 'node:zlib'
import { isCompressed, MESSAGE_BYTES_MAX } from '#contract/messages.ts'

/** Log2 of the most memory that a frame may ask for as its window: 8 MiB, twice the longest message. */
const WINDOW_LOG_MAX = 23

/** A payload's JSON text as bytes, or what is wrong with its compression. */
export type Decompressed =
  | { readonly bytes: Uint8Array }
  | { readonly code: 'message-invalid' | 'message-undecodable'; readonly error: string }

/**
 * Undoes the compression that a payload's first bytes tell of; others are returned as they are. Never makes more than
 * `MESSAGE_BYTES_MAX` bytes, whatever the payload claims.
 */
export function decompress(payload: Uint8Array): Decompressed {
  if (!isCompressed(payload)) return { bytes: payload }
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }
    return { bytes: zstdDecompressSync(payload, { maxOutputLength: MESSAGE_BYTES_MAX, params }) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')
      return {
        code: 'message-invalid',
        error: `${payload.length} bytes that decompress to more than ${MESSAGE_BYTES_MAX}`,
      }
    const reason = error instanceof Error ? error.message : String(error)
    return { code: 'message-undecodable', error: `Zstandard: ${reason}` }
  }
}
