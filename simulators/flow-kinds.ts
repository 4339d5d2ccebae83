import { z } from 'zod'
import { identifier } from '#contract/identity.ts'
import { quantityName } from '#contract/quantities.ts'
import { minutesOf, timeOfDay } from './time-of-day.ts'

/**
 * The kinds of flow that a scenario knows, with their parameters. All figures are assumptions of the scenario that
 * states them. Flows are in the power or flow unit of their carrier: kW of electricity, heat and cold, m³/h of standard
 * gas and air, m³/h of water, t/h of steam.
 */

const share = z.number().min(0).max(1)
const positive = z.number().positive()

const endOfShift = z
  .string()
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, 'a time of day such as "22:00", at most "24:00"')
  .transform(minutesOf)

const dayProfile = z
  .array(z.tuple([timeOfDay, share]))
  .min(1)
  .refine(
    (corners) =>
      corners[0]?.[0] === 0 && corners.every(([minute], i) => i === 0 || minute > (corners[i - 1]?.[0] ?? 0)),
    'corners in order of time, the first at "00:00"',
  )
  .meta({ description: 'Share of the peak at times of the day; straight between them' })

const restDayProfile = dayProfile.meta({ description: 'The same for days of rest' })

/** In the order of Date#getUTCDay. */
export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const
export type Weekday = (typeof weekdays)[number]

const restDays = z
  .array(z.enum(weekdays))
  .optional()
  .meta({ description: 'Those of the scenario by default; a load without any works through closures too' })

const ripple = z
  .array(z.strictObject({ share, periodMinutes: positive }))
  .default([])
  .refine((waves) => waves.reduce((sum, wave) => sum + wave.share, 0) < 1, 'shares below 1 in all')
  .meta({ description: 'Sinusoids upon the flow, as shares of it' })

const variation = z.number().min(0).max(0.5).default(0).meta({
  description: 'Corners differ from day to day by up to this share',
})

const voltage = positive.optional().meta({ description: 'Nominal voltage of a phase to neutral, in V' })
const unbalance = z
  .number()
  .min(0)
  .max(0.5)
  .default(0.03)
  .meta({ description: 'By how much a phase may differ from a third' })

const electrical = {
  cosPhi: z.number().min(0.3).max(1).default(0.92),
  currentThd: z.number().min(0).max(60).default(5).meta({
    description: 'Harmonic share of its current in percent; less where its power factor leaves no room',
  }),
  unbalance,
  voltage,
}

const heatingValue = positive.meta({ description: 'Net heating value of the gas, MJ/m³' })

const shiftLoad = z.strictObject({
  kind: z.literal('shift').meta({ description: 'Follows a working day and a day of rest' }),
  peak: positive,
  workDay: dayProfile,
  restDay: restDayProfile,
  restDays,
  variation,
  ripple,
  ...electrical,
})

const continuousLoad = z.strictObject({
  kind: z.literal('continuous').meta({ description: 'Runs around the clock, with a swing of the day' }),
  mean: positive,
  daySwing: z.number().min(0).max(0.9).default(0),
  peakHour: z.number().min(0).max(24).default(15),
  variation,
  ripple,
  ...electrical,
})

const degrees = z.strictObject({
  temperature: z.number().meta({ description: 'Outdoor temperature from which it grows, °C' }),
  perDegree: positive.meta({ description: 'Growth with each degree beyond it' }),
})

const climateLoad = z.strictObject({
  kind: z.literal('climate').meta({ description: 'Follows the outdoor temperature while it is in use' }),
  base: z.number().min(0).default(0),
  above: degrees.optional().meta({ description: 'Cooling' }),
  below: degrees.optional().meta({ description: 'Heating' }),
  workDay: dayProfile,
  restDay: restDayProfile,
  restDays,
  variation,
  ripple,
  ...electrical,
})

const lightingLoad = z.strictObject({
  kind: z.literal('lighting').meta({ description: 'Lamps outdoors, lit while the sun is down' }),
  power: positive,
  dimmed: z
    .strictObject({ from: timeOfDay, to: timeOfDay, share })
    .optional()
    .meta({ description: 'The hours of night in which they have a share of their power only' }),
  ripple,
  ...electrical,
})

/** Runs of all machines of one line in a day, at most: each is four corners of its curve. */
const RUNS_PER_DAY_MAX = 2_000

const machineLine = z
  .strictObject({
    kind: z.literal('machines').meta({ description: 'Machines that start and stop at random in shifts' }),
    count: z.int().min(1).max(64),
    power: positive.meta({ description: 'Of one machine that runs' }),
    idlePower: z.number().min(0).default(0).meta({ description: 'Of one machine that waits in a shift' }),
    standby: z.number().min(0).default(0).meta({ description: 'Of all together outside of shifts' }),
    shifts: z
      .array(z.tuple([timeOfDay, endOfShift]))
      .min(1)
      .meta({ description: 'Begin and end; one that ends before it begins ends on the next day' }),
    restDays,
    cycleMinutes: z.number().min(1).max(240).meta({ description: 'A machine starts at most once in it' }),
    duty: z.number().min(0.05).max(0.9).meta({ description: 'Share of a cycle that a run takes' }),
    utilisation: share.default(1).meta({ description: 'Share of the cycles in which there is a run' }),
    rampSeconds: z.number().min(1).max(25).default(4),
    variation: z.number().min(0).max(0.5).default(0.1).meta({
      description: 'Runs differ in power and length by up to this share',
    }),
    ripple,
    ...electrical,
  })
  .refine(({ count, cycleMinutes }) => (count * 1_440) / cycleMinutes <= RUNS_PER_DAY_MAX, {
    message: `at most ${RUNS_PER_DAY_MAX} runs a day: fewer machines or longer cycles`,
    path: ['cycleMinutes'],
  })
  .refine(({ power, idlePower }) => idlePower < power, {
    message: 'a machine that waits takes less than one that runs',
    path: ['idlePower'],
  })
  .refine(
    ({ shifts }) => {
      const pieces = shifts
        .flatMap(([from, to]) =>
          to > from ? [[from, to] as const] : [[from, 1_440] as const, [0, to] as const],
        )
        .toSorted((a, b) => a[0] - b[0])
      return pieces.every(([from], index) => index === 0 || from >= (pieces[index - 1]?.[1] ?? 0))
    },
    { message: 'shifts that do not overlap', path: ['shifts'] },
  )

const photovoltaicSource = z.strictObject({
  kind: z.literal('photovoltaic'),
  peak: positive.meta({ description: 'AC power under a clear sky with the sun overhead' }),
  cloudiness: share.default(0.7).meta({ description: 'Share of the power that the thickest cloud takes' }),
  unbalance: unbalance.default(0),
  voltage,
})

const chpSource = z
  .strictObject({
    kind: z.literal('chp').meta({ description: 'Electricity of a combined heat and power unit' }),
    peak: positive,
    workDay: dayProfile,
    restDay: restDayProfile,
    restDays,
    electricEfficiency: z.number().gt(0).lt(1),
    heatEfficiency: z.number().gt(0).lt(1),
    variation,
    ripple,
    unbalance: unbalance.default(0),
    voltage,
  })
  .refine(({ electricEfficiency, heatEfficiency }) => electricEfficiency + heatEfficiency <= 1, {
    message: 'electricity and heat together are at most the heat of the gas',
    path: ['heatEfficiency'],
  })

const replayedFlow = z.strictObject({
  kind: z.literal('replay').meta({ description: 'A measured series from a CSV file: time, quantity, value' }),
  file: z.string().min(1).meta({ description: 'Path of the file, from the folder of the scenario' }),
  quantity: quantityName.meta({
    description:
      'Whose rows are taken. Of a register the rise is spread evenly between rows; a power or flow is straight between them',
  }),
  scale: positive.default(1),
  startsAt: z.iso.datetime({ offset: true }).optional().meta({
    description: 'The moment to which the first row is moved; its own by default',
  }),
  outside: z.enum(['repeat-weekly', 'hold']).meta({
    description:
      'Before and after the series: its first seven days over and over, or its first and last flow for ever',
  }),
  ...electrical,
})

const boilerInput = z.strictObject({
  kind: z.literal('boiler').meta({ description: 'Gas that a boiler burns for its steam' }),
  output: identifier.meta({ description: 'The steam that it makes, in t/h' }),
  efficiency: z.number().gt(0).max(1),
  steamHeat: positive.meta({ description: 'Heat that a tonne of steam takes up from feed water, GJ/t' }),
  heatingValue,
})

const chpGas = z.strictObject({
  kind: z.literal('chp-gas').meta({ description: 'Gas that a CHP unit burns, by its electric efficiency' }),
  of: identifier.meta({ description: 'The electricity of the unit' }),
  heatingValue,
})

const chpHeat = z.strictObject({
  kind: z.literal('chp-heat').meta({ description: 'Heat that a CHP unit gives, by its efficiencies' }),
  of: identifier.meta({ description: 'The electricity of the unit' }),
})

const compressorInput = z.strictObject({
  kind: z.literal('compressor').meta({ description: 'Electricity of compressors for their air' }),
  output: identifier.meta({ description: 'The air that they deliver, in standard m³/h' }),
  specificPower: positive.meta({ description: 'Electricity for a standard m³ of air, kWh/m³' }),
  idlePower: z.number().min(0).default(0).meta({ description: 'That they take without delivering' }),
  ...electrical,
})

const chillerInput = z.strictObject({
  kind: z.literal('chiller').meta({ description: 'Electricity of chillers for their cold' }),
  output: identifier.meta({ description: 'The cold that they make, in kW' }),
  cop: z.number().min(1).meta({ description: 'Cold for electricity at 25 °C outside' }),
  copPerDegree: z.number().min(0).default(0).meta({ description: 'By how much a degree more lowers it' }),
  ...electrical,
})

const pumpInput = z.strictObject({
  kind: z.literal('pump').meta({ description: 'Electricity that lifts water: ρ·g·head·flow ÷ efficiency' }),
  output: identifier.meta({ description: 'The water that it moves, in m³/h' }),
  headMetres: positive,
  efficiency: z.number().gt(0).max(1),
  ...electrical,
})

const fedFlows = z
  .array(identifier)
  .min(1)
  .meta({ description: 'Flows that it feeds; a source takes away from it' })

const sumOfFlows = z.strictObject({
  kind: z.literal('sum').meta({ description: 'What feeds others' }),
  of: fedFlows,
  lossShare: z.number().min(0).max(0.5).default(0).meta({
    description: 'Losses on the way, as a share of what it feeds',
  }),
  voltage,
})

const transformer = z.strictObject({
  kind: z.literal('transformer').meta({ description: 'What feeds others through a transformer' }),
  of: fedFlows,
  rating: positive.meta({ description: 'Rated apparent power, kVA' }),
  noLoadLoss: z.number().min(0).meta({ description: 'kW, always' }),
  loadLoss: z.number().min(0).meta({ description: 'kW at the rating; falls with the square of the load' }),
  voltage: voltage.meta({ description: 'Nominal voltage of the side that is measured, phase to neutral' }),
})

export const flow = z.discriminatedUnion('kind', [
  shiftLoad,
  continuousLoad,
  climateLoad,
  lightingLoad,
  machineLine,
  replayedFlow,
  photovoltaicSource,
  chpSource,
  boilerInput,
  chpGas,
  chpHeat,
  compressorInput,
  chillerInput,
  pumpInput,
  sumOfFlows,
  transformer,
])

export type Flow = z.output<typeof flow>
export type FlowInput = z.input<typeof flow>
export type FlowOf<K extends Flow['kind']> = Extract<Flow, { kind: K }>
/** A flow as its own cause: a load or a source. */
export type Leaf = FlowOf<
  'shift' | 'continuous' | 'climate' | 'lighting' | 'machines' | 'replay' | 'photovoltaic' | 'chp'
>
/** A flow that another one makes necessary. */
export type Conversion = FlowOf<'boiler' | 'chp-gas' | 'chp-heat' | 'compressor' | 'chiller' | 'pump'>

/** The flow that a conversion follows. */
export const followedBy = (conversion: Conversion): string =>
  'output' in conversion ? conversion.output : conversion.of
