/**
 * Randomness by place instead of by order: the same seed, stream and index give the same number, however often and in
 * whichever order they are asked for. So any instant of a plant can be computed without the ones before it.
 */

/** FNV-1a over the UTF-16 code units, 32 bits. */
function hashText(seed: number, text: string): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}

/** Integer finalizer of MurmurHash3: every input bit changes about half of the output bits. */
function scramble(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** Numbers in [0, 1), one for each index. */
export type Stream = (index: number) => number

/** The stream of a name under a seed. */
export function seededStream(seed: number, name: string): Stream {
  const start = hashText(seed, name)
  return (index) => scramble(start ^ scramble(Math.imul(index, 0x9e3779b9) ^ start)) / 2 ** 32
}
