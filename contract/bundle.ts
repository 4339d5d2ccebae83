/**
 * Rows of a gateway's journal that travel in one message: a packet and its answers cost a broker, a gateway and a line far
 * more than the few kilobytes of a row. Each row stays what it is, byte for byte, with a digest and a receipt of its own; a
 * bundle is nothing but their transport, and nobody keeps it.
 *
 *     00 │ length │ row │ length │ row …
 *
 * The first byte tells: neither JSON nor a Zstandard frame begins so. Lengths are unsigned 32-bit numbers, big-endian as all
 * of MQTT's.
 */

/** Most rows of one bundle: as many as a gateway's backlog may have on their way. */
export const ROWS_TOGETHER_MAX = 64
/** Longest bundle. A longer row travels by itself. */
export const BUNDLE_BYTES_MAX = 256 * 1024

const MARK = 0x00
const MARK_BYTES = 1
const LENGTH_BYTES = 4

/** What a row takes in a bundle. */
export const bytesInBundle = (row: Uint8Array): number => LENGTH_BYTES + row.length

/** True for a payload that is rows together, or says so. */
export function isBundle(payload: Uint8Array): boolean {
  return payload[0] === MARK
}

/** The bundle of rows, none of which is empty. Throws RangeError where they are too many or too long for one. */
export function bundleOf(rows: readonly Uint8Array[]): Uint8Array {
  const length = rows.reduce((sum, row) => sum + bytesInBundle(row), MARK_BYTES)
  const isOne = rows.length > 0 && rows.length <= ROWS_TOGETHER_MAX && rows.every((row) => row.length > 0)
  if (!isOne || length > BUNDLE_BYTES_MAX)
    throw new RangeError(`${rows.length} rows in ${length} bytes are no bundle`)
  const bundle = new Uint8Array(length)
  const view = new DataView(bundle.buffer)
  bundle[0] = MARK
  let at = MARK_BYTES
  for (const row of rows) {
    view.setUint32(at, row.length)
    bundle.set(row, at + LENGTH_BYTES)
    at += bytesInBundle(row)
  }
  return bundle
}

/** The rows in a payload: those of a bundle, or else the payload itself. */
export function rowsOf(payload: Uint8Array): readonly Uint8Array[] {
  return rowsIn(payload) ?? [payload]
}

/** The rows of a bundle, as views of its bytes; undefined for what is none, as a whole or at its end. */
export function rowsIn(payload: Uint8Array): Uint8Array[] | undefined {
  if (!isBundle(payload) || payload.length > BUNDLE_BYTES_MAX) return undefined
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const rows: Uint8Array[] = []
  for (let at = MARK_BYTES; at < payload.length;) {
    const start = at + LENGTH_BYTES
    const length = start <= payload.length ? view.getUint32(at) : 0
    at = start + length
    if (length === 0 || at > payload.length || rows.length === ROWS_TOGETHER_MAX) return undefined
    rows.push(payload.subarray(start, at))
  }
  return rows.length === 0 ? undefined : rows
}
