import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createZstdDecompress } from 'node:zlib'
import { Fault } from '#contract/fault.ts'
import { PAYLOAD_BYTES_MAX } from './validate.ts'

/** The lines of an import file, plain or compressed with zstd (`.zst`). */

export interface ImportLine {
  /** Its place in the file, from 1; empty lines count. */
  readonly number: number
  /** Without its newline. */
  readonly bytes: Uint8Array
}

const NEWLINE = 0x0a

async function* bytesOf(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file)
  if (!file.endsWith('.zst')) {
    yield* chunksOf(source)
    return
  }
  const plain = createZstdDecompress()
  source.once('error', (error) => plain.destroy(error))
  yield* chunksOf(source.pipe(plain))
}

async function* chunksOf(stream: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) if (chunk instanceof Buffer) yield chunk
}

/**
 * Every line that is not empty, in order. A line may be as long as a payload may be; the file is
 * never held as a whole. Throws `file-unreadable`, or `file-invalid` where it cannot be decompressed or a line is longer.
 */
export async function* fileLines(file: string): AsyncGenerator<ImportLine> {
  let rest: Buffer = Buffer.alloc(0)
  let line = 1
  const bounded = (bytes: number): void => {
    if (bytes <= PAYLOAD_BYTES_MAX) return
    const what = `A line is longer than ${PAYLOAD_BYTES_MAX} bytes.`
    throw new Fault('file-invalid', what, { place: { file, line } })
  }
  try {
    for await (const chunk of bytesOf(file)) {
      let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
        bounded(end)
        if (end > 0) yield { number: line, bytes: bytes.subarray(0, end) }
        line += 1
        bytes = bytes.subarray(end + 1)
      }
      bounded(bytes.length)
      rest = bytes
    }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    const isOfDisk = cause instanceof Error && 'syscall' in cause
    throw isOfDisk
      ? new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
      : new Fault('file-invalid', 'It cannot be decompressed.', { place: { file, line }, cause })
  }
  if (rest.length > 0) yield { number: line, bytes: rest }
}

/** How many lines a file has, up to its last one that is not empty, and the SHA-256 of its bytes: what a file is known by, wherever it lies. */
export async function surveyOf(file: string): Promise<{ readonly rows: number; readonly digest: string }> {
  let rows = 0
  for await (const { number } of fileLines(file)) rows = number
  const hash = createHash('sha256')
  for await (const chunk of chunksOf(createReadStream(file))) hash.update(chunk)
  return { rows, digest: hash.digest('hex') }
}
