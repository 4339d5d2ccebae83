import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { identifier } from '#contract/identity.ts'
import { readData, type DataFile } from '#firmware-config/document.ts'

/**
 * The shape of scenarios/*.yaml: what flows through a park without hardware. Flows are in the power or flow unit of
 * their carrier: kW, m³/h of standard gas, t/h of steam.
 */

const share = z.number().min(0).max(1)
const positive = z.number().positive()

const timeOfDay = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "07:30"')
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)))

const dayProfile = z
  .array(z.tuple([timeOfDay, share]))
  .min(1)
  .refine(
    (corners) =>
      corners[0]?.[0] === 0 && corners.every(([minute], i) => i === 0 || minute > (corners[i - 1]?.[0] ?? 0)),
    'corners in order of time, the first at "00:00"',
  )
  .meta({ description: 'Share of the peak at times of the day; straight between them' })

const ripple = z
  .array(z.strictObject({ share, periodMinutes: positive }))
  .default([])
  .refine((waves) => waves.reduce((sum, wave) => sum + wave.share, 0) < 1, 'shares below 1 in all')
  .meta({ description: 'Sinusoids upon the flow, as shares of it' })

const variation = z.number().min(0).max(0.5).default(0).meta({
  description: 'Corners differ from day to day by up to this share',
})

const electrical = {
  cosPhi: z.number().min(0.3).max(1).default(0.92),
  unbalance: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.03)
    .meta({ description: 'By how much a phase may differ from a third' }),
  voltage: positive.optional().meta({ description: 'Nominal voltage of a phase to neutral, in V' }),
}

const shiftLoad = z.strictObject({
  kind: z.literal('shift'),
  peak: positive,
  workDay: dayProfile,
  restDay: dayProfile.meta({ description: 'Saturdays and Sundays' }),
  variation,
  ripple,
  ...electrical,
})

const continuousLoad = z.strictObject({
  kind: z.literal('continuous'),
  mean: positive,
  daySwing: z.number().min(0).max(0.9).default(0),
  peakHour: z.number().min(0).max(24).default(15),
  variation,
  ripple,
  ...electrical,
})

const photovoltaicSource = z.strictObject({
  kind: z.literal('photovoltaic'),
  peak: positive.meta({ description: 'AC power under a clear sky with the sun overhead' }),
  cloudiness: share.default(0.7).meta({ description: 'Share of the power that the thickest cloud takes' }),
  unbalance: electrical.unbalance.default(0),
  voltage: electrical.voltage,
})

const boilerInput = z.strictObject({
  kind: z.literal('boiler'),
  output: identifier.meta({ description: 'The steam that it makes, in t/h' }),
  efficiency: z.number().gt(0).max(1),
  steamHeat: positive.meta({ description: 'Heat that a tonne of steam takes up from feed water, GJ/t' }),
  heatingValue: positive.meta({ description: 'Net heating value of the gas, MJ/m³' }),
})

const sumOfFlows = z.strictObject({
  kind: z.literal('sum'),
  of: z.array(identifier).min(1).meta({ description: 'Flows that it feeds; a source takes away from it' }),
  lossShare: z.number().min(0).max(0.5).default(0).meta({
    description: 'Losses on the way, as a share of what it feeds',
  }),
  voltage: electrical.voltage,
})

const flow = z.discriminatedUnion('kind', [
  shiftLoad,
  continuousLoad,
  photovoltaicSource,
  boilerInput,
  sumOfFlows,
])

export const scenarioFile = z.strictObject({
  park: identifier,
  seed: z.int().min(0).max(0xffff_ffff),
  registersFrom: z.iso.datetime({ offset: true }).meta({ description: 'All registers are zero up to here' }),
  utcOffset: z
    .string()
    .regex(/^[+-](?:0\d|1[0-4]):[0-5]\d$/, 'an offset such as "+08:00"')
    .meta({ description: 'By which the plant lives: shifts and sun; no summer time' }),
  latitude: z.number().min(-66).max(66).meta({ description: 'Degrees north' }),
  voltage: positive.default(230).meta({ description: 'Nominal voltage of a phase to neutral, in V' }),
  gas: z
    .strictObject({ temperature: z.number().default(18), pressure: positive.default(120) })
    .prefault({})
    .meta({ description: 'Gas at its meters: °C and kPa absolute' }),
  steam: z
    .strictObject({ temperature: z.number().default(175), pressure: positive.default(900) })
    .prefault({})
    .meta({ description: 'Steam at its meters: °C and kPa absolute' }),
  flows: z.record(identifier, flow).meta({
    description: 'By meter; a name that is no meter of the park is a flow that nobody measures',
  }),
})

export type Scenario = z.output<typeof scenarioFile>
export type Flow = z.output<typeof flow>
export type ShiftLoad = z.output<typeof shiftLoad>
export type ContinuousLoad = z.output<typeof continuousLoad>
export type PhotovoltaicSource = z.output<typeof photovoltaicSource>

/** Reads a scenario. Throws `file-unreadable` or `InvalidFile`; whether it fits a park is `scenarioContradictions`. */
export function readScenario(file: string): DataFile<Scenario> {
  return readData(scenarioFile, file)
}

/** The scenario of the demonstration park. */
export const demoScenarioPath = fileURLToPath(new URL('scenarios/demo-park.yaml', import.meta.url))
