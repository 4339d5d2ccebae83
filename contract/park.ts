import { z } from 'zod'
import { amount, resolution } from './amount.ts'
import { carrierNames, type Carrier } from './carriers.ts'
import { parseFormula, type Formula } from './formula.ts'
import { isTimeZone } from './grid.ts'
import { epochMs, identifier, localName } from './identity.ts'
import { quantityName } from './quantities.ts'

/**
 * The park model: park → enterprise → process (workshop) → equipment, with meters at any of these levels.
 * `parkDescription` is the shape of park.yaml and of the JSON Schema; `Park` is the same, indexed.
 */

/** What a meter's flow is in the energy balance of the level it hangs on. */
export const balanceRoles = {
  /** Crosses the boundary of the enterprise or park: bought, or sold where the quantity is an export. */
  boundary: { zh: '边界（购入/外供）', en: 'boundary (bought or sold)' },
  /** Primary production inside the boundary, such as PV. */
  production: { zh: '一次能源生产', en: 'primary production' },
  /** Goes into a conversion: gas into a boiler, electricity into a compressor station. */
  'conversion-input': { zh: '加工转换投入', en: 'conversion input' },
  /** Comes out of a conversion: steam from a boiler. */
  'conversion-output': { zh: '加工转换产出', en: 'conversion output' },
  /** Final use by a process or an equipment. */
  terminal: { zh: '终端消费', en: 'terminal consumption' },
  /** A part of another meter's flow, for information: never added to a total. */
  submeter: { zh: '分表', en: 'submeter' },
  /** A second meter of the same flow, to compare with: never added to a total. */
  check: { zh: '校核表', en: 'check meter' },
  /** Counts what is made: no energy, in no energy total; the accounting plan names it for a product. */
  'product-count': { zh: '产品计量', en: 'product count (no energy)' },
} as const

export type BalanceRole = keyof typeof balanceRoles
const balanceRole = z.enum(
  Object.keys(balanceRoles).filter((role): role is BalanceRole => role in balanceRoles),
)

/** Something that happened to a meter on a date and changes how its register is read. */
export const meterEvent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('replacement').meta({ description: 'Another meter was put in its place.' }),
    at: z.iso.datetime({ offset: true }),
    quantity: quantityName,
    final: amount.meta({ description: 'Last reading of the old meter' }),
    initial: amount.meta({ description: 'First reading of the new meter' }),
  }),
  z.strictObject({
    kind: z.literal('reset').meta({ description: 'The register was set to a value on site.' }),
    at: z.iso.datetime({ offset: true }),
    quantity: quantityName,
    final: amount,
    initial: amount,
  }),
  z.strictObject({
    kind: z.literal('ratio').meta({
      description:
        'What one unit of the register stands for has changed: other transformers, or a ratio put right.',
    }),
    at: z.iso.datetime({ offset: true }),
    quantity: quantityName,
    before: resolution.meta({
      description:
        'Energy = advance of the register × this, until then: back to the event before it, or for ever',
    }),
    after: resolution.meta({ description: 'Energy = advance of the register × this, from then on' }),
    final: amount.meta({ description: 'The register as it was delivered at that moment, before the change' }),
    initial: amount.meta({
      description: 'The same after it: equal to `final` where the meter and its gateway went on as they were',
    }),
  }),
  z.strictObject({
    kind: z.literal('rollover').meta({
      description: 'The register started again from zero: decides a fall that may have been a reset',
    }),
    at: z.iso.datetime({ offset: true }).meta({ description: 'A moment between the two readings' }),
    quantity: quantityName,
    wrapsAt: amount,
  }),
  z.strictObject({
    kind: z.literal('ignored').meta({ description: 'Readings that are wrong: they count for nothing' }),
    at: z.iso.datetime({ offset: true }),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'The last moment of them; only the one at `at` where it is left out' }),
    quantity: quantityName,
  }),
  z.strictObject({
    kind: z.literal('confirmed').meta({
      description: 'An advance beyond the rating is true: the register rose as it says over this moment',
    }),
    at: z.iso.datetime({ offset: true }).meta({ description: 'A moment between the two readings' }),
    quantity: quantityName,
  }),
])

/** How a meter's energy follows from what is read of it. */
export const energySources = {
  register: 'the advance of its cumulative register',
  power: 'its power, integrated: it has no register',
  advances: 'each reading of its register is the advance since the one before it, at most gapSeconds ago',
  manual: 'what persons enter: register readings, or the energy of a period',
} as const
export type EnergySource = keyof typeof energySources

/** How slots of which nothing is known are estimated; they are marked, and replaced by whatever is measured later. */
export const estimation = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('weekday-profile').meta({
      description: 'The mean of the same weekday and time of the last weeks, if half of them were measured',
    }),
    weeks: z.int().min(1).max(12).default(4),
  }),
  z.strictObject({
    method: z.literal('pro-rata').meta({
      description: 'Evenly between the last known register before and the first one after',
    }),
    hoursMax: z
      .number()
      .positive()
      .max(24 * 31)
      .default(72)
      .meta({ description: 'No longer than this between the two registers' }),
  }),
])

/** The text of a formula (contract/formula.ts). */
const formulaText = z
  .string()
  .max(1_000)
  .superRefine((text, context) => {
    const formula = parseFormula(text)
    if ('error' in formula) context.addIssue({ code: 'custom', message: formula.error })
  })

export const meterDescription = z.strictObject({
  id: identifier,
  name: localName,
  carrier: z.enum(carrierNames),
  role: balanceRole.meta({ description: 'What its flow is in the energy balance' }),
  gateway: identifier.optional().meta({
    description:
      'The only gateway whose readings of this meter are taken; none where it has a formula or is read by persons only',
  }),
  upstream: identifier
    .optional()
    .meta({ description: 'The meter that measures the flow from which this one is fed' }),
  register: quantityName.meta({ description: 'The cumulative quantity that its energy is computed from' }),
  formula: formulaText.optional().meta({
    description:
      'Its energy follows from other meters: `+`, `-` between blanks, numbers and `%` as shares, brackets, e.g. "incoming - 0.5 * pump"; `meter:quantity` for another register than its own',
  }),
  power: quantityName
    .optional()
    .meta({ description: 'The instantaneous quantity that is shown as its power or flow' }),
  energyFrom: z
    .enum(Object.keys(energySources).filter((name): name is EnergySource => name in energySources))
    .default('register')
    .meta({
      description: Object.entries(energySources)
        .map(([name, text]) => `${name}: ${text}`)
        .join('; '),
    }),
  estimate: estimation
    .optional()
    .meta({ description: 'How missing slots are estimated; they stay missing without it' }),
  ratingPerHour: z.number().positive().meta({
    description:
      'The most its register can advance in an hour, in the register’s canonical unit (kWh/h = kW)',
  }),
  wrapsAt: amount
    .optional()
    .meta({ description: 'The register starts again from zero when it reaches this' }),
  gapSeconds: z.number().positive().default(300).meta({
    description:
      'Readings further apart than this leave the time between them uncovered; to be longer than the time between two polls, or milliseconds decide',
  }),
  installed: z.iso.datetime({ offset: true }).meta({ description: 'Readings before this are refused' }),
  accuracyPercent: z.number().positive().max(100).optional().meta({
    description: 'Greatest error by its accuracy class, in percent of the reading (class 0.5S: 0.5)',
  }),
  calibration: z
    .strictObject({ on: z.iso.date(), due: z.iso.date(), certificate: z.string().min(1).optional() })
    .optional()
    .meta({ description: 'Last calibration and the day on which the next one is due (GB 17167 ledger)' }),
  events: z.array(meterEvent).default([]),
})

const meters = z.array(meterDescription).default([])

/** What measures no energy: a thermometer, a weather station. Its readings are of the carrier `environment`. */
export const sensorDescription = z.strictObject({
  id: identifier,
  name: localName,
  gateway: identifier.optional().meta({
    description: 'The only gateway whose readings of it are taken; none where they are imported',
  }),
  installed: z.iso.datetime({ offset: true }).meta({ description: 'Readings before this are refused' }),
})

export const equipmentDescription = z.strictObject({ id: identifier, name: localName, meters })

export const processDescription = z.strictObject({
  id: identifier,
  name: localName,
  meters,
  equipment: z.array(equipmentDescription).default([]),
})

export const enterpriseDescription = z.strictObject({
  id: identifier,
  name: localName,
  industry: z.string().optional().meta({ description: 'GB/T 4754 code and name' }),
  meters,
  processes: z.array(processDescription).default([]),
})

export const parkDescription = z.strictObject({
  id: identifier,
  name: localName,
  timeZone: z.string().default('Asia/Shanghai').refine(isTimeZone, 'a zone such as "Asia/Shanghai"'),
  gateways: z.array(
    z.strictObject({
      id: identifier,
      name: localName,
      silentAfterSeconds: z.number().positive().default(30).meta({
        description: 'Without a message for this long it is shown as silent',
      }),
    }),
  ),
  meters,
  sensors: z.array(sensorDescription).default([]).meta({
    description:
      'Thermometers and the like: their readings are kept, and the outdoor temperature makes degree days; they are in no balance and no completeness',
  }),
  enterprises: z.array(enterpriseDescription).default([]),
})

export type ParkDescription = z.infer<typeof parkDescription>
export type GatewayDescription = ParkDescription['gateways'][number]
export type MeterEvent = z.infer<typeof meterEvent>

/** A meter with its place in the tree. */
export interface Meter extends Omit<z.infer<typeof meterDescription>, 'installed' | 'carrier'> {
  readonly carrier: Carrier
  readonly installedMs: number
  /** Ids from the park down: [park], [park, enterprise], … */
  readonly path: readonly string[]
  readonly enterprise: string | undefined
}

/** A sensor of the park as a whole. */
export interface Sensor extends Omit<z.infer<typeof sensorDescription>, 'installed'> {
  readonly installedMs: number
}

/** The park model with its meters, sensors and gateways by id. */
export interface Park {
  readonly description: ParkDescription
  readonly meters: ReadonlyMap<string, Meter>
  readonly sensors: ReadonlyMap<string, Sensor>
  readonly gateways: ReadonlyMap<string, GatewayDescription>
}

/** What readings may be of: a meter or a sensor. */
export function measuringPoint(
  { meters, sensors }: Pick<Park, 'meters' | 'sensors'>,
  id: string,
): Meter | Sensor | undefined {
  return meters.get(id) ?? sensors.get(id)
}

/** The formula of a meter that has one. Its text was parsed before, with the description. */
export function formulaOf({ formula: text }: Pick<Meter, 'formula'>): Formula | undefined {
  if (text === undefined) return undefined
  const formula = parseFormula(text)
  return 'error' in formula ? undefined : formula
}

const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds

/** Indexes a valid description. What is wrong between its parts is found by `parkContradictions`. */
export function indexPark(description: ParkDescription): Park {
  const index = new Map<string, Meter>()
  const addAll = (found: readonly z.infer<typeof meterDescription>[], path: readonly string[]): void => {
    for (const { installed, ...meter } of found) {
      index.set(meter.id, {
        ...meter,
        installedMs: msOf(installed),
        path,
        enterprise: path[1],
      })
    }
  }
  addAll(description.meters, [description.id])
  for (const enterprise of description.enterprises) {
    const enterprisePath = [description.id, enterprise.id]
    addAll(enterprise.meters, enterprisePath)
    for (const process of enterprise.processes) {
      addAll(process.meters, [...enterprisePath, process.id])
      for (const equipment of process.equipment) {
        addAll(equipment.meters, [...enterprisePath, process.id, equipment.id])
      }
    }
  }
  return {
    description,
    meters: index,
    sensors: new Map(
      description.sensors.map(({ installed, ...sensor }) => [
        sensor.id,
        { ...sensor, installedMs: msOf(installed) },
      ]),
    ),
    gateways: new Map(description.gateways.map((gateway) => [gateway.id, gateway])),
  }
}

/** The moment of an event, UTC milliseconds. */
export function eventMs(event: MeterEvent): number {
  return epochMs.parse(Temporal.Instant.from(event.at).epochMilliseconds)
}
