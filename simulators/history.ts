import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Sample } from '#contract/messages.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'
import {
  loadProfile,
  type MappedRegister,
  type RegisterMap,
  type TransformerRatios,
} from '#firmware-config/profile.ts'
import { meterValues } from './meter-values.ts'
import type { Plant } from './plant.ts'
import { shownValue } from './shown-value.ts'

/**
 * The past of a park as its gateways would have delivered it: of every meter the registers of its energy and its
 * power at each quarter of an hour, exactly as a read at that instant would have shown them.
 */

/** A week of one meter is a batch: 673 samples at most, well below `SAMPLES_PER_BATCH_MAX`. */
const PART_MS = 7 * 24 * 3_600_000

/** A meter whose past is written, with the registers that are read of it. */
export interface HistoryMeter {
  readonly gateway: string
  readonly meter: string
  readonly registers: readonly MappedRegister[]
  readonly installedMs: number
}

/** One meter in one part of the past: what becomes one batch. */
interface MeterPast {
  readonly gateway: string
  readonly meter: string
  readonly samples: readonly Sample[]
}

/** What energy is computed of and what is shown as power: as intervals/recompute.ts has it. */
function registersOf(meter: Meter, map: readonly MappedRegister[]): MappedRegister[] {
  const wanted = new Set<string | undefined>([meter.register, meter.power])
  if (meter.register === 'activeEnergyImport.total') {
    wanted.add('activeEnergyExport.total')
    if (meter.role === 'boundary')
      for (const direction of ['Import', 'Export']) wanted.add(`reactiveEnergy${direction}.total`)
  }
  return map.filter(({ quantity }) => wanted.has(quantity))
}

/** The meters of the gateway files that the park knows, in the order of the files. */
export function historyMeters(
  park: Park,
  gateways: readonly GatewayFile[],
  profile: (id: string, ratios: TransformerRatios) => RegisterMap = loadProfile,
): HistoryMeter[] {
  return gateways.flatMap(({ gateway, buses }) =>
    buses.flatMap(({ meters }) =>
      meters.flatMap((line) => {
        const meter = park.meters.get(line.meter)
        if (meter === undefined) return []
        const registers = registersOf(meter, profile(line.profile, line.ratios).registers)
        return [{ gateway, meter: meter.id, registers, installedMs: meter.installedMs }]
      }),
    ),
  )
}

/** The quarters of an hour of a stretch, both ends included. */
function* quartersIn(fromMs: number, lastMs: number): Generator<number> {
  for (let atMs = Math.ceil(fromMs / SLOT_MS) * SLOT_MS; atMs <= lastMs; atMs += SLOT_MS) yield atMs
}

function sampleAt({ meter, registers }: HistoryMeter, plant: Plant, atMs: number): Sample {
  const values = meterValues(plant, meter, atMs)
  const sample: Sample = { meter, atMs, quality: 'simulated', values: {} }
  for (const register of registers) {
    const value = values(register.quantity)
    if (value === undefined) continue
    const shown = shownValue(register, value)
    sample.values[register.quantity] = typeof shown === 'number' ? shown : [shown.count, shown.resolution]
  }
  return sample
}

/** A part of a period, and the last quarter of an hour that belongs to it. */
interface HistoryPart extends Period {
  readonly lastMs: number
}

/**
 * Parts of a period, newest first: who imports them in this order never sees a hole between two of them, which would
 * be computed as one long apportioned stretch first, and again as each part of it arrives. The line between two parts
 * is read once, by the later one.
 */
export function partsOf({ fromMs, toMs }: Period): HistoryPart[] {
  const parts: HistoryPart[] = []
  const first = Math.floor(fromMs / PART_MS)
  for (let index = Math.floor((toMs - 1) / PART_MS); index >= first; index -= 1) {
    const endMs = (index + 1) * PART_MS
    const end = endMs < toMs ? { toMs: endMs, lastMs: endMs - 1 } : { toMs, lastMs: toMs }
    parts.push({ fromMs: Math.max(fromMs, index * PART_MS), ...end })
  }
  return parts
}

/**
 * What each meter showed at the quarters of an hour of a part; before its installation it showed nothing. The same
 * plant gives the same past, value for value.
 */
export function* historyOf(
  plant: Plant,
  meters: readonly HistoryMeter[],
  { fromMs, lastMs }: HistoryPart,
): Generator<MeterPast> {
  for (const meter of meters) {
    const quarters = [...quartersIn(Math.max(fromMs, meter.installedMs), lastMs)]
    const samples = quarters.map((atMs) => sampleAt(meter, plant, atMs))
    if (samples.length > 0) yield { gateway: meter.gateway, meter: meter.meter, samples }
  }
}
