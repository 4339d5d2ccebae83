import { constants, zstdDecompressSync } from 'node:zlib'
import { isCompressed, MESSAGE_BYTES_MAX } from '#contract/messages.ts'

/** Log2 of the most memory that a frame may ask for as its window: 8 MiB, twice the longest message. */
const WINDOW_LOG_MAX = 23

/** A payload's JSON text as bytes, or what is wrong with its compression. */
export type Decompressed =
  /** `memory`: what the bytes stand in, where nothing else does. */
  | { readonly bytes: Uint8Array; readonly memory?: ArrayBuffer }
  | { readonly code: 'message-invalid' | 'message-undecodable'; readonly error: string }

/** Of a text's length: a shorter one may share a piece of memory with others. */
const OWN_BYTES_MIN = 4 * 1024
/** A shorter piece is taken from Node's pool. */
const ALONE_BYTES_MIN = Buffer.poolSize >>> 1
/** What a text is made in where its frame does not say how long it is, or claims too much. */
const CHUNK_BYTES = 16 * 1024
/** Payloads become some ten times as long; what claims more than this has to show it. */
const RATIO_MAX = 64

/**
 * The length of a frame's content that its header tells (RFC 8878 §3.1.1.1); undefined where it does not, or more than a
 * number of 32 bits.
 */
function contentLength(frame: Uint8Array): number | undefined {
  const descriptor = frame[4] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  const sizeFlag = descriptor >>> 6
  if (at + 2 ** sizeFlag > frame.length) return undefined
  if (sizeFlag === 0) return isSingleSegment ? view.getUint8(at) : undefined
  if (sizeFlag === 1) return view.getUint16(at, true) + 256
  return sizeFlag === 2 ? view.getUint32(at, true) : undefined
}

/** So that an ordinary text is made in one piece, and a frame that claims much is given no more than others. */
function chunkSizeFor(frame: Uint8Array): number {
  const length = contentLength(frame)
  if (length === undefined || length > MESSAGE_BYTES_MAX || length > RATIO_MAX * frame.length)
    return CHUNK_BYTES
  // One byte more than the text: a full piece would have another asked for.
  return length < OWN_BYTES_MIN ? CHUNK_BYTES : Math.max(length + 1, ALONE_BYTES_MIN)
}

/**
 * Undoes the compression that a payload's first bytes tell of; others are returned as they are. Never makes more than
 * `MESSAGE_BYTES_MAX` bytes, whatever the payload claims.
 */
export function decompress(payload: Uint8Array): Decompressed {
  if (!isCompressed(payload)) return { bytes: payload }
  try {
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }
    const chunkSize = chunkSizeFor(payload)
    const bytes = zstdDecompressSync(payload, { chunkSize, maxOutputLength: MESSAGE_BYTES_MAX, params })
    const { buffer } = bytes
    // Node's common pool has another length: what would be pooled is asked for in no such piece.
    const isAlone = chunkSize >= ALONE_BYTES_MIN && buffer.byteLength === chunkSize
    return isAlone && buffer instanceof ArrayBuffer ? { bytes, memory: buffer } : { bytes }
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
