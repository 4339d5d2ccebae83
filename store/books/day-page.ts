import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { PlainContent, SlotContent } from './slot-content.ts'

/**
 * The newest revisions of one register's slots in one UTC day, as bytes. A year of a meter is 35,000 slots, nearly all of
 * them ordinary: these are written as runs, in which each slot is the offset and the advance of its closing reading,
 * because its opening one is the closing one of the slot before. So a day of 96 slots takes some 400 bytes.
 *
 *   page: FORMAT, then runs in order of time
 *   plain run: 1, first slot, slots, revision, marks, resolution, opening offset, opening count, then per slot
 *              closing offset, energy
 *   text: 2, slot, revision, text
 *
 * Numbers are groups of seven bits, lowest first, the eighth bit saying that more follow; offsets may be below zero and
 * are folded (0, −1, 1, −2 …). Texts are their length in bytes and UTF-8.
 */

export const SLOTS_PER_DAY = DAY_MS / SLOT_MS

const FORMAT = 1
const PLAIN = 1
const TEXT = 2

export interface PageSlot {
  readonly revision: number
  readonly content: SlotContent
}

/** By the number of the slot in its day. */
export type DayPage = (PageSlot | undefined)[]

export function emptyPage(): DayPage {
  return Array<PageSlot | undefined>(SLOTS_PER_DAY).fill(undefined)
}

const fold = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
const unfold = (value: number): number => (value % 2 === 1 ? -(value + 1) / 2 : value / 2)

class Writer {
  #bytes = Buffer.allocUnsafe(1_024)
  #length = 0

  #need(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const bytes = Buffer.allocUnsafe(2 * (this.#length + more))
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }

  number(value: number): void {
    this.#need(8)
    let rest = value
    // Beyond 31 bits JavaScript's bit operators would cut the number.
    while (rest > 0x7f) {
      this.#bytes[this.#length] = (rest % 0x80) + 0x80
      this.#length += 1
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length] = rest
    this.#length += 1
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.number(length)
    this.#need(length)
    this.#length += this.#bytes.write(value, this.#length, 'utf8')
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length))
  }
}

class Reader {
  readonly #bytes: Buffer
  #next = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#bytes.length
  }

  number(): number {
    let value = 0
    for (let weight = 1; ; weight *= 0x80) {
      const byte = this.#bytes[this.#next]
      if (byte === undefined) throw new RangeError('a page of intervals ends too early')
      this.#next += 1
      value += (byte & 0x7f) * weight
      if (byte < 0x80) return value
    }
  }

  text(): string {
    const length = this.number()
    const end = this.#next + length
    if (end > this.#bytes.length) throw new RangeError('a page of intervals ends too early')
    const text = this.#bytes.toString('utf8', this.#next, end)
    this.#next = end
    return text
  }
}

/** True where a slot goes on where the one before it ended, and differs in nothing else that a run says once. */
function goesOn(before: PageSlot, slot: PageSlot): boolean {
  const [a, b] = [before.content, slot.content]
  return (
    typeof a !== 'string' &&
    typeof b !== 'string' &&
    before.revision === slot.revision &&
    a.marks === b.marks &&
    a.resolution === b.resolution &&
    a.closingOffsetMs === b.openingOffsetMs &&
    a.openingCount + a.energyCount === b.openingCount
  )
}

export function pageBytes(page: DayPage): Uint8Array {
  const writer = new Writer()
  writer.number(FORMAT)
  for (let index = 0; index < SLOTS_PER_DAY; index += 1) {
    const slot = page[index]
    if (slot === undefined) continue
    const { revision, content } = slot
    if (typeof content === 'string') {
      writer.number(TEXT)
      writer.number(index)
      writer.number(revision)
      writer.text(content)
      continue
    }
    const run: PlainContent[] = [content]
    for (let before = slot; index + run.length < SLOTS_PER_DAY;) {
      const next = page[index + run.length]
      if (next === undefined || typeof next.content === 'string' || !goesOn(before, next)) break
      run.push(next.content)
      before = next
    }
    writer.number(PLAIN)
    writer.number(index)
    writer.number(run.length)
    writer.number(revision)
    writer.number(content.marks)
    writer.text(content.resolution)
    writer.number(fold(content.openingOffsetMs))
    writer.number(content.openingCount)
    for (const { closingOffsetMs, energyCount } of run) {
      writer.number(fold(closingOffsetMs))
      writer.number(energyCount)
    }
    index += run.length - 1
  }
  return writer.bytes()
}

/** Throws RangeError for bytes that are no page. */
export function pageOf(bytes: Uint8Array): DayPage {
  const reader = new Reader(bytes)
  const page = emptyPage()
  if (reader.number() !== FORMAT) throw new RangeError('a page of intervals has another format')
  const put = (index: number, slot: PageSlot): void => {
    if (index >= SLOTS_PER_DAY) throw new RangeError(`a page of intervals has a slot ${index}`)
    page[index] = slot
  }
  while (!reader.isAtEnd) {
    const kind = reader.number()
    if (kind !== PLAIN && kind !== TEXT) throw new RangeError(`a page of intervals has a run of kind ${kind}`)
    const first = reader.number()
    if (kind === TEXT) {
      const revision = reader.number()
      put(first, { revision, content: reader.text() })
      continue
    }
    const slots = reader.number()
    const revision = reader.number()
    const marks = reader.number()
    const resolution = reader.text()
    let openingOffsetMs = unfold(reader.number())
    let openingCount = reader.number()
    for (let index = first; index < first + slots; index += 1) {
      const closingOffsetMs = unfold(reader.number())
      const energyCount = reader.number()
      put(index, {
        revision,
        content: { resolution, marks, openingOffsetMs, openingCount, closingOffsetMs, energyCount },
      })
      openingOffsetMs = closingOffsetMs
      openingCount += energyCount
    }
  }
  return page
}
