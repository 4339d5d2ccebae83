/** How a Zstandard frame is laid out, as far as it can be told without undoing its compression: RFC 8878 §3.1.1. */

interface FrameHeader {
  /** Of the magic number and the header. */
  readonly bytes: number
  /** What the header says of the length of the content; undefined where it does not, or in more than 32 bits. */
  readonly contentLength: number | undefined
  readonly hasChecksum: boolean
}

const MAGIC_BYTES = 4
const DICTIONARY_BYTES = [0, 1, 2, 4]
const BLOCK_HEADER_BYTES = 3
const CHECKSUM_BYTES = 4
/** Types of blocks. The one byte of such a block is repeated as often as its length says. */
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

/** The header of a frame (§3.1.1.1), whose magic number is right. */
export function frameHeader(frame: Uint8Array): FrameHeader {
  const descriptor = frame[MAGIC_BYTES] ?? 0
  const isSingleSegment = (descriptor & 0x20) !== 0
  const at = MAGIC_BYTES + 1 + (isSingleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0)
  const sizeFlag = descriptor >>> 6
  const sizeBytes = sizeFlag === 0 && !isSingleSegment ? 0 : 2 ** sizeFlag
  const header = { bytes: at + sizeBytes, hasChecksum: (descriptor & 4) !== 0 }
  if (header.bytes > frame.length) return { ...header, contentLength: undefined }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  return { ...header, contentLength: contentLength(view, at, sizeBytes) }
}

function contentLength(view: DataView, at: number, sizeBytes: number): number | undefined {
  if (sizeBytes === 1) return view.getUint8(at)
  if (sizeBytes === 2) return view.getUint16(at, true) + 256
  return sizeBytes === 4 ? view.getUint32(at, true) : undefined
}

/** Whether bytes are one frame from the first to the last, by the lengths of its blocks (§3.1.1.2). */
export function isWholeFrame(frame: Uint8Array): boolean {
  const { bytes, hasChecksum } = frameHeader(frame)
  let isLast = false
  let at = bytes
  while (!isLast) {
    if (at + BLOCK_HEADER_BYTES > frame.length) return false
    const header = (frame[at] ?? 0) | ((frame[at + 1] ?? 0) << 8) | ((frame[at + 2] ?? 0) << 16)
    const type = (header >>> 1) & 3
    if (type === RESERVED_BLOCK) return false
    isLast = (header & 1) === 1
    at += BLOCK_HEADER_BYTES + (type === RLE_BLOCK ? 1 : header >>> 3)
  }
  return at + (hasChecksum ? CHECKSUM_BYTES : 0) === frame.length
}
