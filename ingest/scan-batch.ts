import { compare } from '#contract/amount.ts'
import { byteWords, standsAt, type ByteWords } from '#contract/byte-words.ts'
import { Memory } from '#contract/memory.ts'
import { quantities } from '#contract/quantities.ts'
import { badCause, usableQuality, type UsableQuality } from '#contract/reading.ts'
import { SAMPLES_PER_BATCH_MAX } from '#contract/messages.ts'
import type { Meter, Sensor } from '#contract/park.ts'
import { BLOCK_WORDS_MAX, SampleBlock, type BlockSample } from '#contract/sample-block.ts'
import { AsciiNames } from './ascii-names.ts'
import { DecimalScan, digitsEnd } from './decimal-scan.ts'
import { isResolution, type Limits } from './limits.ts'
import { PointOrder, type Point } from './point-order.ts'
import type { SampleRules } from './sample.ts'

/**
 * A batch as gateways write it, judged where it stands in its bytes, without making anything of it but columns
 * (contract/sample-block.ts). Whatever is unusual, right or wrong, is left to validate.ts, whose schemas are the contract:
 * a test holds that both agree wherever this one answers.
 */

/** What is longer is no ordinary batch. */
const TEXT_BYTES_MAX = 1024 * 1024
/** No reading takes less of the text: its name in quotation marks, a colon and a digit. */
const BYTES_PER_READING_MIN = Math.min(...quantities.map(({ name }) => name.length)) + 4

const V = byteWords('"v":1')
const KIND = byteWords('"kind":"readings"')
const GATEWAY = byteWords('"gateway":"')
const EPOCH = byteWords('"epoch":"')
const SEQ = byteWords('"seq":')
const SAMPLES = byteWords('"samples":[')
const METER = byteWords('{"meter":"')
const AT = byteWords('","atMs":')
const GOOD = byteWords(',"quality":"good","values":{')
const QUALITY = byteWords(',"quality":"')
const VALUES = byteWords('","values":{')
const BAD = byteWords(',"bad":{')

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN = 0x7b
const CLOSE = 0x7d

const EPOCH_CHARACTERS = 32
/** What fits into the marks of what was seen. */
const SAMPLES_COUNTED_MAX = 2 ** 32 - 1

/** A quantity, and how its name begins an entry. */
interface Named {
  readonly place: number
  readonly isCumulative: boolean
  readonly entry: ByteWords
}
const named = quantities.map(({ name, kind }, place): Named => ({
  place,
  isCumulative: kind === 'cumulative',
  entry: byteWords(`"${name}":`),
}))
const byName = new Map<string, Named>(
  quantities.flatMap(({ name }, place) => {
    const entry = named[place]
    return entry === undefined ? [] : [[name, entry] as const]
  }),
)

const qualities = new Map<string, UsableQuality>(usableQuality.options.map((quality) => [quality, quality]))
const causes = new Set<string>(badCause.options)

/** A batch of the common shape. */
export interface ScannedBatch {
  readonly epoch: string
  readonly seq: number
  readonly block: SampleBlock
}

/** Keeps what it has learnt of names and their order from one batch to the next; that changes no answer. */
export class BatchScanner {
  readonly #names = new AsciiNames()
  readonly #decimal = new DecimalScan()
  /** Which quantity came after one the last time; the last place is for what begins a sample. */
  readonly #next: (Named | undefined)[] = [...named.map(() => undefined), undefined]
  /** In which sample a quantity was seen last, with and without value. */
  readonly #seen = new Uint32Array(named.length)
  readonly #seenBad = new Uint32Array(named.length)
  #sample = 0

  readonly #points = new PointOrder()

  #text: Uint8Array = new Uint8Array()
  #view: DataView = new DataView(new ArrayBuffer(0))
  #at = 0
  #rules: SampleRules | undefined
  #count = 0
  #samples: BlockSample[] = []
  #words: string[] = []
  #quantities = new Uint16Array()
  #from = new Uint32Array()
  #characters = new Uint8Array()
  #word = new Uint8Array()

  /**
   * The readings of a batch all of whose samples are of the common shape and right; undefined for any other.
   *
   * @param memory what the text stands in: the block has its share in it from then on
   */
  scan(text: Uint8Array, rules: SampleRules, memory?: Memory): ScannedBatch | undefined {
    const { gateway: sender, park } = rules
    if (text.length > TEXT_BYTES_MAX || sender === undefined || !park.gateways.has(sender)) return undefined
    this.#begin(text, rules)
    this.#points.begin(sender, park)
    const found = { v: 0, kind: 0, gateway: 0, samples: 0, parts: 0 }
    let epoch: string | undefined
    let seq: number | undefined
    for (let before = OPEN; this.#byte(before); before = COMMA) {
      found.parts += 1
      if (this.#takes(V)) found.v = 1
      else if (this.#takes(KIND)) found.kind = 1
      else if (this.#takes(GATEWAY)) found.gateway = this.#name() === rules.gateway ? 1 : 0
      else if (this.#takes(EPOCH)) epoch = this.#epoch()
      else if (this.#takes(SEQ)) seq = this.#whole()
      else if (this.#takes(SAMPLES) && this.#allSamples()) found.samples = 1
      else return undefined
    }
    // All six parts in six places: each stands there once.
    const { v, kind, gateway, samples, parts } = found
    const isWhole = this.#byte(CLOSE) && this.#at === text.length
    if (!isWhole || v + kind + gateway + samples !== 4 || parts !== 6) return undefined
    if (epoch === undefined || seq === undefined || seq < 1) return undefined
    return { epoch, seq, block: this.#block(memory) }
  }

  #begin(text: Uint8Array, rules: SampleRules): void {
    this.#text = text
    this.#view = new DataView(text.buffer, text.byteOffset, text.length)
    this.#rules = rules
    this.#at = 0
    this.#count = 0
    this.#samples = []
    this.#words = []
    const most = Math.ceil(text.length / BYTES_PER_READING_MIN)
    if (this.#quantities.length >= most) return
    this.#quantities = new Uint16Array(most)
    this.#from = new Uint32Array(most)
    this.#characters = new Uint8Array(most)
    this.#word = new Uint8Array(most)
  }

  /** In one piece of memory, in order of their alignment. */
  #block(ofText: Memory | undefined): SampleBlock {
    const count = this.#count
    const columns = new ArrayBuffer(8 * count)
    const from = new Uint32Array(columns, 0, count)
    const places = new Uint16Array(columns, 4 * count, count)
    const characters = new Uint8Array(columns, 6 * count, count)
    const word = new Uint8Array(columns, 7 * count, count)
    from.set(this.#from.subarray(0, count))
    places.set(this.#quantities.subarray(0, count))
    characters.set(this.#characters.subarray(0, count))
    word.set(this.#word.subarray(0, count))
    const ofColumns = new Memory(columns)
    return new SampleBlock({
      text: this.#text,
      view: this.#view,
      samples: this.#samples,
      quantities: places,
      from,
      characters,
      word,
      words: this.#words,
      memory: ofText === undefined ? [ofColumns] : [ofColumns, ofText],
    })
  }

  #takes(expected: ByteWords): boolean {
    if (!standsAt(this.#view, this.#at, expected)) return false
    this.#at += expected.length
    return true
  }

  #byte(expected: number): boolean {
    if (this.#text[this.#at] !== expected) return false
    this.#at += 1
    return true
  }

  /** A text up to its quotation mark, which is passed. */
  #name(): string | undefined {
    const name = this.#names.read(this.#text, this.#at)
    if (name !== undefined) this.#at = this.#names.end + 1
    return name
  }

  #epoch(): string | undefined {
    const end = this.#at + EPOCH_CHARACTERS
    if (this.#text[end] !== QUOTE) return undefined
    const epoch = String.fromCharCode(...this.#text.subarray(this.#at, end))
    this.#at = end + 1
    return /^[0-9a-f]{32}$/.test(epoch) ? epoch : undefined
  }

  /** A whole number that is not negative. */
  #whole(): number | undefined {
    const { value, isInteger } = this.#number() ? this.#decimal : { value: -1, isInteger: false }
    return isInteger && value >= 0 && Number.isSafeInteger(value) ? value : undefined
  }

  /** A decimal: its value is in `#decimal`. */
  #number(): boolean {
    if (!this.#decimal.read(this.#text, this.#at)) return false
    this.#at = this.#decimal.end
    return true
  }

  #allSamples(): boolean {
    do {
      if (this.#samples.length === SAMPLES_PER_BATCH_MAX || !this.#oneSample()) return false
    } while (this.#byte(COMMA))
    return this.#byte(CLOSE_LIST)
  }

  #oneSample(): boolean {
    const point = this.#point()
    if (point === undefined) return false
    const { id, meter, limits } = point
    const atMs = this.#whole()
    if (atMs === undefined || atMs > (this.#rules?.latestMs ?? 0) || atMs < meter.installedMs) return false
    const quality = this.#takes(GOOD) ? 'good' : this.#quality()
    if (quality === undefined) return false
    this.#nextSample()
    const first = this.#count
    if (!this.#byte(CLOSE) && !this.#allValues(meter, limits)) return false
    const bad = this.#count
    if (this.#takes(BAD) && !this.#byte(CLOSE) && !this.#allCauses()) return false
    // A sample of nothing counts nowhere as a moment.
    if (!this.#byte(CLOSE) || this.#count === first) return false
    this.#samples.push({ meter: id, atMs, quality, first, bad, end: this.#count })
    return true
  }

  /** Of whom a sample is, most often the one that stood at its place in the batch before. Its moment comes next. */
  #point(): Point | undefined {
    const place = this.#samples.length
    const expected = this.#points.at(place)
    if (expected !== undefined && this.#takes(expected.beginning)) return expected
    if (!this.#takes(METER)) return undefined
    const id = this.#name()
    const point = id === undefined ? undefined : this.#points.named(id)
    // The name's own quotation mark is the first byte of what comes next.
    this.#at -= 1
    if (point === undefined || !this.#takes(AT)) return undefined
    this.#points.note(place, point)
    return point
  }

  /** Its values come next. */
  #quality(): UsableQuality | undefined {
    if (!this.#takes(QUALITY)) return undefined
    const quality = qualities.get(this.#name() ?? '')
    this.#at -= 1
    return this.#takes(VALUES) ? quality : undefined
  }

  #nextSample(): void {
    if (this.#sample === SAMPLES_COUNTED_MAX) {
      this.#sample = 0
      this.#seen.fill(0)
      this.#seenBad.fill(0)
    }
    this.#sample += 1
  }

  /** Up to the closing bracket, which is passed. Most of the time of a scan is spent here: hence the local names. */
  #allValues(meter: Meter | Sensor, limits: Limits): boolean {
    const powerMax = limits.powerMax ?? Infinity
    const power =
      limits.powerMax !== undefined && 'power' in meter ? byName.get(meter.power ?? '') : undefined
    const text = this.#text
    const view = this.#view
    const [next, seen, sample] = [this.#next, this.#seen, this.#sample]
    const [quantityOf, fromOf, charactersOf] = [this.#quantities, this.#from, this.#characters]
    let before = named.length
    let at = this.#at
    do {
      let quantity = next[before]
      if (quantity !== undefined && standsAt(view, at, quantity.entry)) at += quantity.entry.length
      else {
        this.#at = at
        quantity = this.#quantity(before)
        if (quantity === undefined) return false
        at = this.#at
      }
      before = quantity.place
      if (seen[before] === sample) return false
      seen[before] = sample
      if (quantity.isCumulative) {
        this.#at = at
        if (!this.#register(before, limits)) return false
        at = this.#at
      } else {
        let end = quantity === power ? -1 : digitsEnd(text, at)
        if (end < 0) {
          if (!this.#decimal.read(text, at)) return false
          if (quantity === power && Math.abs(this.#decimal.value) > powerMax) return false
          end = this.#decimal.end
        }
        fromOf[this.#count] = at
        charactersOf[this.#count] = end - at
        at = end
      }
      quantityOf[this.#count] = before
      this.#count += 1
    } while (text[at++] === COMMA)
    this.#at = at
    return text[at - 1] === CLOSE
  }

  #register(place: number, { register }: Limits): boolean {
    if (!this.#byte(OPEN_LIST)) return false
    const from = this.#at
    const count = this.#whole()
    const to = this.#at
    if (count === undefined || !this.#byte(COMMA) || !this.#byte(QUOTE)) return false
    const resolution = this.#name()
    if (resolution === undefined || !this.#byte(CLOSE_LIST) || !isResolution(resolution)) return false
    const name = quantities[place]?.name
    const isLimited = register !== undefined && name !== undefined && register.quantities.includes(name)
    if (isLimited && compare({ count, resolution }, register.below) >= 0) return false
    this.#from[this.#count] = from
    this.#characters[this.#count] = to - from
    return this.#noteWord(resolution)
  }

  #allCauses(): boolean {
    do {
      const quantity = this.#quantity(named.length)
      if (quantity === undefined || this.#seenBad[quantity.place] === this.#sample) return false
      this.#seenBad[quantity.place] = this.#sample
      if (!this.#byte(QUOTE)) return false
      const cause = this.#name()
      if (cause === undefined || !causes.has(cause) || !this.#noteWord(cause)) return false
      this.#quantities[this.#count] = quantity.place
      this.#from[this.#count] = 0
      this.#characters[this.#count] = 0
      this.#count += 1
    } while (this.#byte(COMMA))
    return this.#byte(CLOSE)
  }

  #noteWord(text: string): boolean {
    let place = this.#words.indexOf(text)
    if (place < 0) place = this.#words.push(text) - 1
    this.#word[this.#count] = place
    return place < BLOCK_WORDS_MAX
  }

  /** The quantity whose name stands here, most often the one that came after the same one before. */
  #quantity(before: number): Named | undefined {
    const expected = this.#next[before]
    if (expected !== undefined && this.#takes(expected.entry)) return expected
    if (!this.#byte(QUOTE)) return undefined
    const quantity = byName.get(this.#name() ?? '')
    if (quantity === undefined || !this.#byte(COLON)) return undefined
    this.#next[before] = quantity
    return quantity
  }
}
