import { constants, zstdDecompressSync } from 'node:zlib'
import { Memory } from '#contract/memory.ts'
import { isCompressed, MESSAGE_BYTES_MAX } from '#contract/messages.ts'
import { frameHeader, isWholeFrame } from './zstandard-frame.ts'

/** Log2 of the most memory that a frame may ask for as its window: 8 MiB, twice the longest message. */
const WINDOW_LOG_MAX = 23
const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX }

/** A payload's JSON text as bytes, or what is wrong with its compression. */
export type Decompressed =
  /** `memory`: what the bytes stand in, with no others than texts. */
  | { readonly bytes: Uint8Array; readonly memory?: Memory }
  | { readonly code: 'message-invalid' | 'message-undecodable'; readonly error: string }

/** Of a text's length: a shorter one may share a piece of memory with others. */
const OWN_BYTES_MIN = 4 * 1024
/** A shorter piece is taken from Node's pool. */
const ALONE_BYTES_MIN = Buffer.poolSize >>> 1
/** What a text is made in where its frame does not say how long it is, or claims too much. */
const CHUNK_BYTES = 16 * 1024
/** Payloads become some ten times as long; what claims more than this has to show it. */
const RATIO_MAX = 64
/** Of texts that are made together: well within a processor's own memory, and a long text gains nothing. */
export const TOGETHER_BYTES_MAX = 256 * 1024
/** A frame of no more than that: its header, its checksum and the headers of its blocks, which are 128 KiB each. */
const FRAME_BYTES_MORE_MAX = 32

/** The length of a frame's content, where it is told and is none that would make a few bytes cost much. */
function plausibleLength(frame: Uint8Array): number | undefined {
  const length = frameHeader(frame).contentLength
  const isPlausible =
    length !== undefined && length <= MESSAGE_BYTES_MAX && length <= RATIO_MAX * frame.length
  return isPlausible ? length : undefined
}

/** How long the text of a payload is at most, before it is made. */
export function textBytesMax(payload: Uint8Array): number {
  return isCompressed(payload) ? (plausibleLength(payload) ?? MESSAGE_BYTES_MAX) : payload.length
}

/** So that an ordinary text is made in one piece, and a frame that claims much is given no more than others. */
function chunkSizeFor(frame: Uint8Array): number {
  const length = plausibleLength(frame)
  if (length === undefined) return CHUNK_BYTES
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
    const chunkSize = chunkSizeFor(payload)
    const bytes = zstdDecompressSync(payload, { chunkSize, maxOutputLength: MESSAGE_BYTES_MAX, params })
    const { buffer } = bytes
    // Node's common pool has another length: what would be pooled is asked for in no such piece.
    const isAlone = chunkSize >= ALONE_BYTES_MIN && buffer.byteLength === chunkSize
    return isAlone && buffer instanceof ArrayBuffer ? { bytes, memory: new Memory(buffer) } : { bytes }
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

interface Frame {
  readonly payload: Uint8Array
  /** Of its content. */
  readonly length: number
}

/**
 * The length of a payload's text, where it may be made together with others'; undefined for any other, such as one that is
 * longer than its text.
 */
export function togetherBytes(payload: Uint8Array): number | undefined {
  if (!isCompressed(payload)) return undefined
  const length = plausibleLength(payload)
  if (length === undefined || length > TOGETHER_BYTES_MAX) return undefined
  return payload.length <= length + FRAME_BYTES_MORE_MAX && isWholeFrame(payload) ? length : undefined
}

/**
 * The texts of payloads of one gateway that are made together: a context for each of them costs more than its text. Frames
 * one after the other are Zstandard data (RFC 8878 §3). Each of these is one whole frame, so that none reaches into its
 * neighbour, and tells the length of its content, which the decoder holds it to. Undefined for a payload that is to be
 * looked at alone: so are all of them where one is not what it says, which is why those of different gateways are not made
 * together.
 */
export function decompressTogether(payloads: readonly Uint8Array[]): (Decompressed | undefined)[] {
  const texts: (Decompressed | undefined)[] = payloads.map(() => undefined)
  let together: (Frame & { readonly index: number })[] = []
  let bytes = 0
  const make = (): void => {
    const made = textsOf(together, bytes)
    for (const [place, { index }] of together.entries()) texts[index] = made[place]
    together = []
    bytes = 0
  }
  for (const [index, payload] of payloads.entries()) {
    const length = togetherBytes(payload)
    if (length === undefined) continue
    if (bytes + length > TOGETHER_BYTES_MAX) make()
    together.push({ index, payload, length })
    bytes += length
  }
  make()
  return texts
}

/** None where one of them is not what it says, or where there are no two. */
function textsOf(frames: readonly Frame[], length: number): Decompressed[] {
  if (frames.length < 2) return []
  const chunkSize = Math.max(length + 1, ALONE_BYTES_MIN)
  let all: Buffer
  try {
    const joined = Buffer.concat(frames.map(({ payload }) => payload))
    all = zstdDecompressSync(joined, { chunkSize, maxOutputLength: length, params })
  } catch {
    // Which one it was, and why, is found out one by one.
    return []
  }
  const { buffer } = all
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === chunkSize
  if (all.length !== length || !isAlone) return []
  const memory = new Memory(buffer, frames.length)
  let at = 0
  return frames.map((frame) => {
    const bytes = all.subarray(at, (at += frame.length))
    return { bytes, memory }
  })
}
