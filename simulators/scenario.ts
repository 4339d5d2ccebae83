import { createHash } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { InvalidFile, readData, type DataFile } from '#firmware-config/document.ts'
import { flow, weekdays } from './flow-kinds.ts'
import { generatedFlows } from './generated-flows.ts'
import { behaviourFields } from './fault-schedule.ts'
import { generation } from './generation.ts'
import type { PlantTime } from './load-curve.ts'
import { readSeries, type Series } from './replay.ts'
import { tariffPeriods } from './tariff-registers.ts'
import { weatherModel } from './weather.ts'

/** The shape of scenarios/*.yaml: what flows through a park without hardware. */

const positive = z.number().positive()

const water = (supply: number, back: number) =>
  z
    .strictObject({ supply: z.number().default(supply), return: z.number().default(back) })
    .prefault({})
    .refine((circuit) => circuit.supply !== circuit.return, 'two temperatures that differ')

export const scenarioFile = z.strictObject({
  park: identifier,
  seed: z.int().min(0).max(0xffff_ffff),
  registersFrom: z.iso.datetime({ offset: true }).meta({ description: 'All registers are zero up to here' }),
  utcOffset: z
    .string()
    .regex(/^[+-](?:0\d|1[0-4]):[0-5]\d$/, 'an offset such as "+08:00"')
    .meta({ description: 'By which the plant lives: shifts and sun; no summer time' }),
  latitude: z.number().min(-66).max(66).meta({ description: 'Degrees north' }),
  longitude: z.number().min(-180).max(180).optional().meta({
    description: 'Degrees east, for the time at which the sun is highest; that of the offset by default',
  }),
  voltage: positive.default(230).meta({ description: 'Nominal voltage of a phase to neutral, in V' }),
  restDays: z.array(z.enum(weekdays)).default(['saturday', 'sunday']),
  closures: z
    .array(z.tuple([z.iso.date(), z.iso.date()]))
    .default([])
    .meta({
      description: 'First and last day of times in which works rest, such as the Spring Festival',
    }),
  weather: weatherModel,
  tariffs: tariffPeriods,
  gas: z
    .strictObject({ temperature: z.number().default(18), pressure: positive.default(120) })
    .prefault({})
    .meta({ description: 'Gas at its meters: °C and kPa absolute' }),
  steam: z
    .strictObject({
      temperature: z.number().default(175),
      pressure: positive.default(900),
      enthalpy: positive
        .default(2.77)
        .meta({ description: 'Heat that a steam meter counts for a tonne, GJ/t' }),
    })
    .prefault({})
    .meta({ description: 'Steam at its meters: °C and kPa absolute' }),
  air: z
    .strictObject({ pressure: positive.default(800) })
    .prefault({})
    .meta({ description: 'Compressed air at its meters: kPa absolute' }),
  heat: water(95, 65).meta({ description: 'Water of heating circuits, °C' }),
  cooling: water(7, 12).meta({ description: 'Water of cooling circuits, °C' }),
  flows: z.record(identifier, flow).default({}).meta({
    description: 'By meter; a name that is no meter of the park is a flow that nobody measures',
  }),
  generate: generation.optional(),
  ...behaviourFields,
})

type ScenarioFile = z.output<typeof scenarioFile>

/** A scenario as it runs: generated flows beside the written ones, and the series that are replayed. */
export interface Scenario extends ScenarioFile {
  /** Series of replayed flows, by the name of the flow. */
  readonly series: ReadonlyMap<string, Series>
}

/**
 * Reads a scenario with the files that it replays, and adds the flows that it has generated. Throws `file-unreadable`
 * or `InvalidFile`; whether it fits a park is `scenarioContradictions`.
 */
export function readScenario(file: string): DataFile<Scenario> {
  const data = readData(scenarioFile, file)
  const series = new Map<string, Series>()
  for (const [name, each] of Object.entries(data.value.flows)) {
    if (each.kind !== 'replay') continue
    try {
      series.set(name, readSeries(resolve(dirname(file), each.file), each.quantity))
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'file-unreadable') throw error
      const place = data.placeOf(['flows', name, 'file'])
      throw new InvalidFile(file, [{ place, message: error.message }])
    }
  }
  return { ...data, value: { ...data.value, flows: generatedFlows(data), series } }
}

/** All of a scenario for JSON; of each series the digests of its numbers, as a map is nothing to JSON. */
export function scenarioParts(scenario: Scenario): readonly unknown[] {
  const digest = (numbers: Float64Array): string => createHash('sha256').update(numbers).digest('hex')
  const series = [...scenario.series].map(([flow, { kind, times, values }]) => [
    flow,
    kind,
    digest(times),
    digest(values),
  ])
  return [scenario, series]
}

/** The time by which a scenario's plant lives. */
export function plantTime({ registersFrom, utcOffset }: ScenarioFile): PlantTime {
  const [hours = 0, minutes = 0] = utcOffset.slice(1).split(':').map(Number)
  return {
    startMs: Temporal.Instant.from(registersFrom).epochMilliseconds,
    offsetMs: (utcOffset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000,
  }
}

/** The scenario of the demonstration park. */
export const demoScenarioPath = fileURLToPath(new URL('scenarios/demo-park.yaml', import.meta.url))
