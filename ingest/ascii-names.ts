/**
 * Names that stand in bytes, as strings, without making a new string each time: a park has a few thousand of them, and they
 * come by the million.
 */

/** Far above what parks have; hostile names must not fill memory. */
const NAMES_MAX = 50_000
/** An identifier has 64 characters at most, no other name that is looked up here has more. */
const NAME_BYTES_MAX = 64

/** FNV-1a (draft-eastlake-fnv), 32 bits. */
const FNV_OFFSET = 0x811c_9dc5
const FNV_PRIME = 0x0100_0193

const QUOTE = 0x22
const BACKSLASH = 0x5c

export class AsciiNames {
  readonly #byHash = new Map<number, string>()

  /** Where the name that was read last ends: at its quote. */
  end = 0

  /**
   * The text from a place up to the next quotation mark; undefined for one that has an escape, more than 64 bytes, or
   * anything but printable ASCII in it.
   */
  read(bytes: Uint8Array, from: number): string | undefined {
    let hash = FNV_OFFSET
    let at = from
    const last = Math.min(bytes.length, from + NAME_BYTES_MAX + 1)
    for (; at < last; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte === QUOTE) break
      if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return undefined
      hash = Math.imul(hash ^ byte, FNV_PRIME)
    }
    if (at >= last) return undefined
    this.end = at
    const known = this.#byHash.get(hash)
    if (known !== undefined && isText(bytes, from, at, known)) return known
    const name = String.fromCharCode(...bytes.subarray(from, at))
    if (this.#byHash.size >= NAMES_MAX) this.#byHash.clear()
    this.#byHash.set(hash, name)
    return name
  }
}

function isText(bytes: Uint8Array, from: number, to: number, text: string): boolean {
  if (to - from !== text.length) return false
  for (let index = 0; index < text.length; index += 1)
    if (bytes[from + index] !== text.charCodeAt(index)) return false
  return true
}
