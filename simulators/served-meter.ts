import { Fault } from '#contract/fault.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { MappedRegister, ReadFunction, RegisterMap } from '#firmware-config/profile.ts'
import { AS_INSTALLED, fixedWords } from './identity-image.ts'
import type { ValueOf } from './meter-values.ts'
import { exceptions, writeException } from './modbus-frame.ts'
import { asWritten, registerEncoder, type RegisterEncoder } from './register-image.ts'

/** What a meter shows at any instant. */
export type ValuesAt = (atMs: number) => ValueOf

/** What is shown at one fixed instant: looked up once for each quantity, however many views ask for it. */
export function shownAt(inner: ValuesAt, atMs: number): ValueOf {
  const known = new Map<QuantityName, number | undefined>()
  return (quantity) => {
    if (!known.has(quantity)) known.set(quantity, inner(atMs)(quantity))
    return known.get(quantity)
  }
}

/** A meter as its bus sees it: a register map, and the values behind it at any instant. */
export interface ServedMeter {
  readonly meter: string
  /** Modbus unit address. */
  readonly unit: number
  /** Meters of one model and one site's ratios should share their map: what is prepared for it is kept with it. */
  readonly map: RegisterMap
  readonly valuesAt: ValuesAt
}

/** Modbus Application Protocol 1.1b3 §6.3 and §6.4: a request asks for 1 to 125 registers. */
const REGISTERS_MAX = 125
/** Function code, address, count. */
const READ_PDU_BYTES = 5
/** Different reads remembered for a map; a client asks for a handful, a scan of all addresses starts afresh. */
const READS_KEPT_MAX = 2_048

/** A value in its registers, or an exponent, which is the same whatever the value that it belongs to. */
interface Column {
  readonly register: MappedRegister
  readonly encode: RegisterEncoder
}

/** The exponents behind values, each once. */
function exponentsOf(registers: readonly MappedRegister[]): Column[] {
  const columns = registers.flatMap((register): Column[] => {
    const { exponent, address } = register
    if (exponent === undefined) return []
    return [
      {
        register: { ...register, address: address + exponent.offset, words: 1, exponent: undefined },
        encode: (_value, into, at) => void into.writeInt16BE(exponent.usual, at),
      },
    ]
  })
  return [...new Map(columns.map((column) => [column.register.address, column])).values()]
}

const columnsOf = (registers: readonly MappedRegister[]): Column[] =>
  [
    ...registers.map((register) => ({ register: asWritten(register), encode: registerEncoder(register) })),
    ...exponentsOf(registers),
  ].toSorted((a, b) => a.register.address - b.register.address)

/** The registers that one read covers, each with its place in the reply. */
type Covered = readonly (Column & { readonly byteOffset: number })[]

/** A map made ready to be asked: its registers by function, in order of address, and the reads asked for so far. */
class AnswerTable {
  readonly #map: RegisterMap
  readonly #columns: ReadonlyMap<number, readonly Column[]>
  readonly #reads = new Map<number, Covered | undefined>()

  constructor(map: RegisterMap) {
    this.#map = map
    this.#columns = new Map(
      ([3, 4] satisfies ReadFunction[]).map((code) => [
        code,
        columnsOf(map.registers.filter((register) => register.function === code)),
      ]),
    )
  }

  /** True when the meter has any register that this function reads. */
  reads(code: number): boolean {
    return (this.#columns.get(code)?.length ?? 0) > 0
  }

  /** The registers of a read; `undefined` for one that the meter refuses as an illegal address. */
  covered(code: number, address: number, count: number): Covered | undefined {
    const key = (code * 0x1_0000 + address) * 0x100 + count
    const known = this.#reads.get(key)
    if (known !== undefined || this.#reads.has(key)) return known
    if (this.#reads.size >= READS_KEPT_MAX) this.#reads.clear()
    const found = this.#cover(code, address, count)
    this.#reads.set(key, found)
    return found
  }

  /** A read must begin and end with a value, hold values whole, and reach over no more than the profile says. */
  #cover(code: number, address: number, count: number): Covered | undefined {
    const { bridgeGaps, forbidden } = this.#map.limits
    const end = address + count
    const covered = (this.#columns.get(code) ?? []).filter(
      ({ register }) => register.address < end && address < register.address + register.words,
    )
    let reached = address
    for (const { register } of covered) {
      const gap = register.address - reached
      if (gap < 0 || (gap > 0 && (reached === address || gap > bridgeGaps))) return undefined
      const from = reached
      if (forbidden.some(([first, last]) => first < register.address && from <= last)) return undefined
      reached = register.address + register.words
    }
    if (reached !== end) return undefined
    return covered.map((column) => ({ ...column, byteOffset: (column.register.address - address) * 2 }))
  }
}

const tables = new WeakMap<RegisterMap, AnswerTable>()

function tableOf(map: RegisterMap): AnswerTable {
  const known = tables.get(map)
  if (known !== undefined) return known
  const made = new AnswerTable(map)
  tables.set(map, made)
  return made
}

/**
 * Writes the answer to a read's PDU, all of one instant, and returns its length: function, byte count and words, or an
 * exception. Throws `quantity-unknown` for a value that the meter cannot give.
 */
export function writeAnswer(
  { meter, map }: ServedMeter,
  values: () => ValueOf,
  pdu: Buffer,
  into: Buffer,
  at: number,
  setting = AS_INSTALLED,
): number {
  const code = pdu[0] ?? 0
  const table = tableOf(map)
  if (!table.reads(code)) return writeException(code, exceptions.illegalFunction, into, at)
  if (pdu.length !== READ_PDU_BYTES) return writeException(code, exceptions.illegalValue, into, at)
  const count = pdu.readUInt16BE(3)
  if (count < 1 || count > Math.min(REGISTERS_MAX, map.limits.registersPerRequest)) {
    return writeException(code, exceptions.illegalValue, into, at)
  }
  const address = pdu.readUInt16BE(1)
  const fixed = fixedWords(map, code, address, count, setting)
  if (fixed !== undefined) {
    into[at] = code
    into[at + 1] = count * 2
    for (const [index, word] of fixed.entries()) into.writeUInt16BE(word, at + 2 + index * 2)
    return 2 + count * 2
  }
  const covered = table.covered(code, address, count)
  if (covered === undefined) return writeException(code, exceptions.illegalAddress, into, at)
  const valueOf = values()
  into[at] = code
  into[at + 1] = count * 2
  into.fill(0, at + 2, at + 2 + count * 2)
  for (const { register, encode, byteOffset } of covered) {
    const value = valueOf(register.quantity)
    if (value === undefined) {
      throw new Fault('quantity-unknown', `The plant has no ${register.quantity} at "${meter}".`)
    }
    encode(value, into, at + 2 + byteOffset)
  }
  return 2 + count * 2
}
