import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { multiplyResolution, resolution, type Resolution } from '#contract/amount.ts'
import { carrierNames, type Carrier } from '#contract/carriers.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { isQuantityName, quantityName, quantityOf, type QuantityName } from '#contract/quantities.ts'
import { reportedUnits, type ReportedUnit } from '#contract/units.ts'
import { InvalidFile, parseData, readData, type DataFile, type Finding } from './document.ts'

/**
 * A meter profile: what one model's registers mean. Pure data (profiles/*.yaml), one line a register; the planner,
 * the decoder and the simulator all work from the RegisterMap that is made from it.
 */

/** How a number is written in registers; words = 16-bit registers taken. bcd4, bcd8, bcd12: that many decimal digits. */
export const encodings = {
  u16: { words: 1 },
  i16: { words: 1 },
  u32: { words: 2 },
  i32: { words: 2 },
  u64: { words: 4 },
  i64: { words: 4 },
  f32: { words: 2 },
  f64: { words: 4 },
  bcd4: { words: 1 },
  bcd8: { words: 2 },
  bcd12: { words: 3 },
} as const

export type Encoding = keyof typeof encodings
const encoding = z.enum(Object.keys(encodings).filter((name): name is Encoding => name in encodings))

/** ABCD: high word first, high byte first (the Modbus custom). CDAB: low word first. BADC, DCBA: bytes swapped too. */
export const wordOrder = z.enum(['ABCD', 'CDAB', 'BADC', 'DCBA'])
export type WordOrder = z.infer<typeof wordOrder>

const readFunction = z.union([z.literal(3), z.literal(4)])
export type ReadFunction = z.infer<typeof readFunction>

const reportedUnit = z.enum(
  Object.keys(reportedUnits).filter((unit): unit is ReportedUnit => unit in reportedUnits),
)
const wireAddress = z.int().min(0).max(0xffff)
const notAvailable = z.array(z.number()).meta({ description: 'Raw values that mean "no value"' })

const scale = z
  .string()
  .refine(
    (text) => resolution.safeParse(text.replace(/^-/, '')).success,
    'a decimal other than zero, e.g. "0.1" or "-1"',
  )

const registerLine = z.strictObject({
  at: wireAddress.meta({ description: 'Address on the wire, counted from 0' }),
  unit: reportedUnit
    .optional()
    .meta({ description: 'Unit of the value after scale; the canonical one by default' }),
  scale: scale.optional().meta({
    description:
      'Value = raw × scale, as a decimal text; negative where the meter counts the other way round',
  }),
  resolution: resolution.optional().meta({
    description: 'For a cumulative float: the step, in the canonical unit, in which it is counted',
  }),
  as: encoding.optional(),
  order: wordOrder.optional(),
  function: readFunction.optional(),
  ratios: z
    .array(z.enum(['current', 'voltage']))
    .optional()
    .meta({ description: 'Multiply by the transformer ratios of the site' }),
  notAvailable: notAvailable.optional(),
})

export const profileFile = z.strictObject({
  make: z.string().min(1),
  model: z.string().min(1),
  carrier: z.enum(carrierNames),
  evidence: z.strictObject({
    grade: z.enum(['H', 'M', 'L']).meta({ description: 'H: manual and an independent implementation agree' }),
    source: z.string().min(1),
    note: z.string().optional(),
  }),
  defaults: z.strictObject({
    function: readFunction,
    as: encoding,
    order: wordOrder.default('ABCD'),
    notAvailable: notAvailable.default([]).meta({
      description: 'For the registers of the default encoding: raw values that mean "no value"',
    }),
  }),
  limits: z.strictObject({
    registersPerRequest: z.int().min(1).max(125),
    bridgeGaps: z
      .int()
      .min(0)
      .max(124)
      .meta({ description: 'Registers that may be read over between two values' }),
    pauseMs: z
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'Quiet time that the meter needs between requests' }),
    forbidden: z
      .array(z.tuple([wireAddress, wireAddress]))
      .default([])
      .meta({ description: 'Address ranges, both ends included, that answer with an exception' }),
  }),
  registers: z.partialRecord(quantityName, registerLine),
})

/** One value of a meter, ready for planning and decoding. */
export interface MappedRegister {
  readonly quantity: QuantityName
  readonly function: ReadFunction
  readonly address: number
  readonly words: number
  readonly encoding: Encoding
  readonly order: WordOrder
  /** canonical value = raw × factor: an exact decimal text, below zero only for instantaneous quantities. */
  readonly factor: Resolution
  /** Cumulative quantities: the step in which they are counted; undefined for instantaneous ones. */
  readonly resolution: Resolution | undefined
  readonly notAvailable: readonly number[]
}

export interface RegisterMap {
  /** File name without extension: how gateway files name the profile. */
  readonly id: string
  readonly make: string
  readonly model: string
  readonly carrier: Carrier
  readonly evidence: z.infer<typeof profileFile>['evidence']
  readonly limits: z.infer<typeof profileFile>['limits']
  readonly registers: readonly MappedRegister[]
}

/** Transformer ratios of a site, as decimal texts; '1' where the meter shows primary values. */
export interface TransformerRatios {
  readonly current: Resolution
  readonly voltage: Resolution
}

export const DIRECT_CONNECTION: TransformerRatios = { current: '1', voltage: '1' }

export type ProfileFile = z.infer<typeof profileFile>
type RegisterLine = z.infer<typeof registerLine>

const isFloat = (name: Encoding): boolean => name === 'f32' || name === 'f64'

function mapRegister(
  quantity: QuantityName,
  line: RegisterLine,
  defaults: ProfileFile['defaults'],
  ratios: TransformerRatios,
): MappedRegister | string {
  const { unit: canonical, kind } = quantityOf(quantity)
  const conversion = line.unit === undefined ? { to: canonical, factor: '1' } : reportedUnits[line.unit]
  if (conversion.to !== canonical)
    return `${line.unit} is not a unit of ${quantity}, which is in ${canonical}`
  const as = line.as ?? defaults.as
  const { words } = encodings[as]
  if (line.at + words > 0x1_0000) return `${as} at ${line.at} reaches beyond register 65535`
  const negative = line.scale?.startsWith('-') ?? false
  if (kind === 'cumulative' && negative) return `${quantity} only rises: its scale cannot be negative`
  let factor = multiplyResolution(line.scale?.replace(/^-/, '') ?? '1', conversion.factor)
  for (const ratio of line.ratios ?? []) factor = multiplyResolution(factor, ratios[ratio])
  if (kind === 'instantaneous' && line.resolution !== undefined)
    return `${quantity} is not counted: no resolution`
  if (kind === 'cumulative' && isFloat(as) && line.resolution === undefined) {
    return `${quantity} is a float register: say in which resolution it is counted`
  }
  if (kind === 'cumulative' && !isFloat(as) && line.resolution !== undefined) {
    return `${quantity} is counted in its own scale: no resolution beside it`
  }
  return {
    quantity,
    function: line.function ?? defaults.function,
    address: line.at,
    words,
    encoding: as,
    order: line.order ?? defaults.order,
    factor: negative ? `-${factor}` : factor,
    resolution: kind === 'instantaneous' ? undefined : isFloat(as) ? line.resolution : factor,
    notAvailable: line.notAvailable ?? (as === defaults.as ? defaults.notAvailable : []),
  }
}

/** The register map of a parsed profile for a site's ratios. Throws `InvalidFile` for lines that contradict the catalogue. */
export function toRegisterMap(data: DataFile<ProfileFile>, ratios = DIRECT_CONNECTION): RegisterMap {
  const { registers, defaults, ...head } = data.value
  const mapped: MappedRegister[] = []
  const findings: Finding[] = []
  for (const [quantity, line] of Object.entries(registers)) {
    if (line === undefined || !isQuantityName(quantity)) continue
    const register = mapRegister(quantity, line, defaults, ratios)
    if (typeof register === 'string') {
      findings.push({ place: data.placeOf(['registers', quantity]), message: register })
    } else mapped.push(register)
  }
  if (findings.length > 0) throw new InvalidFile(data.file, findings)
  const id = identifier.parse(basename(data.file).replace(/\.yaml$/, ''))
  return {
    id,
    make: head.make,
    model: head.model,
    carrier: head.carrier,
    evidence: head.evidence,
    limits: head.limits,
    registers: mapped,
  }
}

/** A profile from its text. Throws `InvalidFile` with file, line and column of every fault. */
export function parseProfile(text: string, file: string, ratios = DIRECT_CONNECTION): RegisterMap {
  return toRegisterMap(parseData(profileFile, text, file), ratios)
}

/** The folder of the profiles that come with tanbiao. */
export const profileFolder = new URL('profiles/', import.meta.url)

/** A profile that comes with tanbiao, by its id, for a site's ratios. Throws `profile-unknown` or `InvalidFile`. */
export function loadProfile(id: string, ratios = DIRECT_CONNECTION): RegisterMap {
  try {
    return toRegisterMap(
      readData(profileFile, fileURLToPath(new URL(`${identifier.parse(id)}.yaml`, profileFolder))),
      ratios,
    )
  } catch (cause) {
    if (cause instanceof Fault && cause.code !== 'file-unreadable') throw cause
    throw new Fault('profile-unknown', `There is no meter profile "${id}".`, { cause })
  }
}
