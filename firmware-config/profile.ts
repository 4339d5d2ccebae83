import { basename, join } from 'node:path'
import { multiplyResolution, type Resolution } from '#contract/amount.ts'
import type { Carrier } from '#contract/carriers.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { isQuantityName, quantityOf, type QuantityName } from '#contract/quantities.ts'
import { reportedUnits } from '#contract/units.ts'
import { profileFolder } from './bundled-profiles.ts'
import { InvalidFile, parseData, readData, type DataFile, type Finding } from './document.ts'
import {
  encodings,
  isEncoding,
  isFloating,
  isPair,
  rangeOf,
  type Encoding,
  type TextEncoding,
  type WordOrder,
} from './encodings.ts'
import {
  profileFile,
  type ProfileFile,
  type RatioName,
  type ReadFunction,
  type RegisterLine,
} from './profile-schema.ts'

export { profileFile, type ProfileFile, type ReadFunction } from './profile-schema.ts'

/**
 * A meter profile: what one model's registers mean. Pure data (profiles/*.yaml), one line a register; the planner,
 * the decoder and the simulator all work from the RegisterMap that is made from it.
 */

/** A place on the wire and how a value is written there. */
export interface WireValue<E = Encoding> {
  readonly function: ReadFunction
  readonly address: number
  readonly words: number
  readonly encoding: E
  readonly order: WordOrder
}

/** A value that means "no value": a number before scale (NaN too), or, as a bigint, the bits of all its registers. */
export type Mark = number | bigint

/** A register behind a value that holds n, as a signed number: value = raw × factor × 10ⁿ. */
export interface ExponentRegister {
  /** Words from the first of the value on. */
  readonly offset: number
  readonly lowest: number
  readonly highest: number
  readonly usual: number
}

/**
 * One value of a meter, ready for planning and decoding. `words` reaches from its first word to its last, and to its
 * exponent where it has one, so that the two are read in one request; other values may lie between.
 */
export interface MappedRegister extends WireValue {
  readonly quantity: QuantityName
  /** canonical value = raw × factor: an exact decimal text, below zero only for instantaneous quantities. */
  readonly factor: Resolution
  /** Cumulative quantities: the step in which they are counted; undefined for instantaneous ones. */
  readonly resolution: Resolution | undefined
  /**
   * Cumulative quantities: the count, in steps of `resolution`, at which the register starts again from zero. Where the
   * documents name none it is the capacity of an unsigned or decimal encoding; `undefined` where nothing is known.
   */
  readonly wrapsAt?: number | undefined
  readonly exponent?: ExponentRegister | undefined
  readonly notAvailable: readonly Mark[]
}

/** A register by which a model can be recognised. */
export interface IdentityRegister extends WireValue<Encoding | TextEncoding> {
  readonly is: ProfileFile['identity'][number]['is']
  /** What this model answers, where its documents say so. */
  readonly expect: number | string | undefined
}

/** A register that holds a transformer ratio set in the meter. */
export interface RatioRegister extends WireValue {
  readonly ratio: RatioName
  /** ratio = raw × factor */
  readonly factor: Resolution
  /** The ratio of the site, from the gateway file. */
  readonly expected: Resolution
}

export interface RegisterMap {
  /** File name without extension: how gateway files name the profile. */
  readonly id: string
  readonly make: string
  readonly model: string
  readonly carrier: Carrier
  readonly evidence: ProfileFile['evidence']
  /** How the maker's documents count registers; addresses here are those on the wire. */
  readonly manual: string | undefined
  /** Serial settings with which the meter leaves the factory, as far as they are known. */
  readonly factory: NonNullable<ProfileFile['factory']>
  readonly limits: ProfileFile['limits']
  readonly registers: readonly MappedRegister[]
  readonly identity: readonly IdentityRegister[]
  readonly ratioRegisters: readonly RatioRegister[]
}

/** Transformer ratios of a site, as decimal texts; '1' where the meter shows primary values. */
export interface TransformerRatios {
  readonly current: Resolution
  readonly voltage: Resolution
}

export const DIRECT_CONNECTION: TransformerRatios = { current: '1', voltage: '1' }

type Defaults = ProfileFile['defaults']

/** Modbus Application Protocol 1.1b3 §6.3: quantity 1–125. */
const REGISTERS_MAX = 125

const markOf = (mark: number | string): Mark =>
  typeof mark === 'number' ? mark : mark === 'NaN' ? Number.NaN : BigInt(mark)

function wireValueOf(
  line: Pick<RegisterLine, 'at' | 'as' | 'order' | 'function'>,
  defaults: Defaults,
): WireValue | string {
  const encoding = line.as ?? defaults.as
  const { words } = encodings[encoding]
  if (line.at + words > 0x1_0000) return `${encoding} at ${line.at} reaches beyond register 65535`
  return {
    function: line.function ?? defaults.function,
    address: line.at,
    words,
    encoding,
    order: line.order ?? defaults.order,
  }
}

/** What the line says of counting that its quantity or its encoding contradicts. */
function countingContradiction(
  quantity: QuantityName,
  line: RegisterLine,
  encoding: Encoding,
): string | undefined {
  const cumulative = quantityOf(quantity).kind === 'cumulative'
  const floating = isFloating(encoding)
  if (!cumulative) {
    if (line.resolution !== undefined) return `${quantity} is not counted: no resolution`
    return line.wrapsAt === undefined ? undefined : `${quantity} is not counted: it does not wrap`
  }
  if (line.scale?.startsWith('-') === true) return `${quantity} only rises: its scale cannot be negative`
  if (encoding === 'u32-u32') return `${quantity} only rises: a difference does not`
  if (floating && line.resolution === undefined)
    return `${quantity} is a float register: say in which resolution it is counted`
  if (!floating && line.resolution !== undefined)
    return `${quantity} is counted in its own scale: no resolution beside it`
  const range = rangeOf(encoding)
  if (line.wrapsAt !== undefined && range !== undefined && BigInt(line.wrapsAt) > range.highest + 1n)
    return `${encoding} cannot reach ${line.wrapsAt}: its highest number is ${range.highest}`
  return undefined
}

/** The count at which a cumulative register starts again. */
function wrapOf(
  line: RegisterLine,
  encoding: Encoding,
  factor: Resolution,
  step: Resolution,
): number | undefined {
  if (line.wrapsAt !== undefined) {
    return isFloating(encoding) ? Math.round((line.wrapsAt * Number(factor)) / Number(step)) : line.wrapsAt
  }
  const range = rangeOf(encoding)
  // A signed register that passes its highest number would turn negative: what a meter does then is not known.
  if (range === undefined || range.lowest < 0n) return undefined
  const capacity = Number(range.highest + 1n)
  return Number.isSafeInteger(capacity) ? capacity : undefined
}

/** A power of ten, exact. */
export const powerOfTen = (n: number): Resolution =>
  n >= 0 ? `1${'0'.repeat(n)}` : `0.${'0'.repeat(-n - 1)}1`

/** What the line says of an exponent that cannot be. */
function exponentContradiction(line: RegisterLine, encoding: Encoding): string | undefined {
  const { exponent } = line
  if (exponent === undefined) return undefined
  const { at, from, to, usual } = exponent
  if (isFloating(encoding) || isPair(encoding)) return `${encoding} needs no exponent: only whole numbers do`
  if (line.wrapsAt !== undefined) return 'where it wraps depends on the exponent: no wrapsAt beside it'
  if (at < line.at + encodings[encoding].words) return 'the exponent must lie behind its value'
  if (at >= line.at + REGISTERS_MAX) return 'the exponent lies too far behind its value for one request'
  if (from > to) return 'the exponent’s range ends before it begins'
  return usual < from || usual > to ? `the usual exponent is from ${from} to ${to}` : undefined
}

function mapRegister(
  quantity: QuantityName,
  line: RegisterLine,
  defaults: Defaults,
  ratios: TransformerRatios,
): MappedRegister | string {
  const { unit: canonical, kind } = quantityOf(quantity)
  const conversion = line.unit === undefined ? { to: canonical, factor: '1' } : reportedUnits[line.unit]
  if (conversion.to !== canonical)
    return `${line.unit} is not a unit of ${quantity}, which is in ${canonical}`
  const wire = wireValueOf(line, defaults)
  if (typeof wire === 'string') return wire
  const contradiction = countingContradiction(quantity, line, wire.encoding)
  if (contradiction !== undefined) return contradiction
  const impossible = exponentContradiction(line, wire.encoding)
  if (impossible !== undefined) return impossible
  let factor = multiplyResolution(line.scale?.replace(/^-/, '') ?? '1', conversion.factor)
  for (const ratio of line.ratios ?? []) factor = multiplyResolution(factor, ratios[ratio])
  const marks = line.notAvailable ?? (wire.encoding === defaults.as ? defaults.notAvailable : [])
  const { exponent } = line
  const offset = exponent === undefined ? 0 : exponent.at - line.at
  const register = {
    ...wire,
    words: Math.max(wire.words, exponent === undefined ? 0 : offset + 1),
    quantity,
    notAvailable: marks.map(markOf),
    ...(exponent === undefined
      ? {}
      : { exponent: { offset, lowest: exponent.from, highest: exponent.to, usual: exponent.usual } }),
  }
  const finest = exponent === undefined ? factor : multiplyResolution(factor, powerOfTen(exponent.from))
  if (kind === 'instantaneous') {
    const turned = line.scale?.startsWith('-') === true
    return { ...register, factor: turned ? `-${factor}` : factor, resolution: undefined }
  }
  const step = line.resolution ?? finest
  const wrapsAt = exponent === undefined ? wrapOf(line, wire.encoding, factor, step) : undefined
  return { ...register, factor, resolution: step, wrapsAt }
}

function mapIdentity(line: ProfileFile['identity'][number], defaults: Defaults): IdentityRegister | string {
  const { as } = line
  const numeric = isEncoding(as)
  if (numeric && line.words !== undefined) return `${as} takes ${encodings[as].words} registers: no words`
  if (!numeric && line.words === undefined) return `${as}: say how many registers it takes in "words"`
  if (line.expect !== undefined && (typeof line.expect === 'number') !== numeric)
    return numeric ? `${as} answers a number` : `${as} answers a text`
  const words = numeric ? encodings[as].words : (line.words ?? 0)
  if (line.at + words > 0x1_0000) return `${as} at ${line.at} reaches beyond register 65535`
  return {
    is: line.is,
    function: line.function ?? defaults.function,
    address: line.at,
    words,
    encoding: as,
    order: line.order ?? defaults.order,
    expect: line.expect,
  }
}

/** The register map of a parsed profile for a site's ratios. Throws `InvalidFile` for lines that contradict the catalogue. */
export function toRegisterMap(data: DataFile<ProfileFile>, ratios = DIRECT_CONNECTION): RegisterMap {
  const { registers, defaults, identity, ratioRegisters, ...head } = data.value
  const findings: Finding[] = []
  const sound = <T extends object>(mapped: T | string, path: readonly (string | number)[]): T[] => {
    if (typeof mapped !== 'string') return [mapped]
    findings.push({ place: data.placeOf(path), message: mapped })
    return []
  }
  const id = identifier.safeParse(basename(data.file).replace(/\.yaml$/, ''))
  if (!id.success) {
    const message = `the file's name is the profile's id: ${id.error.issues[0]?.message ?? 'not valid'}`
    findings.push({ place: { file: data.file }, message })
  }
  const map = {
    make: head.make,
    model: head.model,
    carrier: head.carrier,
    evidence: head.evidence,
    manual: head.manual,
    factory: head.factory ?? {},
    limits: head.limits,
    registers: Object.entries(registers).flatMap(([quantity, line]) =>
      line === undefined || !isQuantityName(quantity)
        ? []
        : sound(mapRegister(quantity, line, defaults, ratios), ['registers', quantity]),
    ),
    identity: identity.flatMap((line, index) => sound(mapIdentity(line, defaults), ['identity', index])),
    ratioRegisters: (['current', 'voltage'] as const).flatMap((ratio): RatioRegister[] => {
      const line = ratioRegisters[ratio]
      if (line === undefined) return []
      return sound(wireValueOf(line, defaults), ['ratioRegisters', ratio]).map((wire) => ({
        ...wire,
        ratio,
        factor: line.scale ?? '1',
        expected: ratios[ratio],
      }))
    }),
  }
  if (findings.length > 0 || !id.success) throw new InvalidFile(data.file, findings)
  return { id: id.data, ...map }
}

/** A profile from its text. Throws `InvalidFile` with file, line and column of every fault. */
export function parseProfile(text: string, file: string, ratios = DIRECT_CONNECTION): RegisterMap {
  return toRegisterMap(parseData(profileFile, text, file), ratios)
}

/** A profile that comes with tanbiao, by its id, for a site's ratios. Throws `profile-unknown` or `InvalidFile`. */
export function loadProfile(id: string, ratios = DIRECT_CONNECTION): RegisterMap {
  try {
    return toRegisterMap(readData(profileFile, join(profileFolder, `${identifier.parse(id)}.yaml`)), ratios)
  } catch (cause) {
    if (cause instanceof Fault && cause.code !== 'file-unreadable') throw cause
    throw new Fault('profile-unknown', `There is no meter profile "${id}".`, { cause })
  }
}
