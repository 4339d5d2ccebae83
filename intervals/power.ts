import { multiply, sum } from '#contract/amount.ts'
import { SLOT_MS, slotsBetween, type Period } from '#contract/grid.ts'
import { integrationFactor } from '#contract/integration.ts'
import type { Interval, PowerPoint } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading, UsableReading } from '#contract/reading.ts'
import { factorsIn, rulesOf, type MeterFacts } from './advance.ts'
import { ignoring } from './usable-series.ts'

/** Energy of meters that tell their power or flow only: the area under straight lines between readings. */

/** Counts of the register's unit: a milliwatt-hour, so that rounding a stretch loses nothing that a reading shows. */
const RESOLUTION = '0.000001'
const COUNTS_PER_UNIT = 1_000_000n

/** Power is taken in millionths of its unit, so that areas are whole numbers. */
const STEPS_PER_UNIT = 1_000_000

const MS_PER_HOUR = 3_600_000n

interface Sample extends PowerPoint {
  readonly quality: UsableReading['quality']
  /** What flows the register's way, in millionths, never below zero. */
  readonly steps: bigint
}

/** The time between two neighbouring samples that are near enough to each other. */
interface Stretch {
  readonly from: Sample
  readonly to: Sample
}

function isNumber(reading: Reading): reading is UsableReading & { value: number } {
  return reading.quality !== 'bad' && typeof reading.value === 'number'
}

function samplesOf(readings: readonly Reading[], register: QuantityName): Sample[] {
  const direction = register.startsWith('activeEnergyExport') ? -1 : 1
  return (
    readings
      .filter((reading) => isNumber(reading))
      .map(({ atMs, value, quality }) => {
        const flow = register.startsWith('activeEnergySum') ? Math.abs(value) : direction * value
        return { atMs, value, quality, steps: Math.round(Math.max(0, flow) * STEPS_PER_UNIT) }
      })
      // What cannot be counted is no power of this world, and bounds nothing: its time is not covered.
      .filter(({ steps }) => Number.isSafeInteger(steps))
      .map((sample) => ({ ...sample, steps: BigInt(sample.steps) }))
      .toSorted((a, b) => a.atMs - b.atMs)
      .filter(({ atMs }, index, all) => atMs !== all[index - 1]?.atMs)
  )
}

/**
 * Counts of energy from the start of a stretch up to a moment in it, rounded to the nearest. Both slots at a line use the
 * same cut, so they add up to the whole stretch.
 */
function countsUpTo({ from, to }: Stretch, atMs: number, [by, per]: readonly [bigint, bigint]): bigint {
  const length = BigInt(to.atMs - from.atMs)
  const part = BigInt(Math.min(Math.max(atMs, from.atMs), to.atMs) - from.atMs)
  // Twice the area × length: 2 p₁ x L + (p₂ − p₁) x²
  const doubled = 2n * from.steps * part * length + (to.steps - from.steps) * part * part
  const divisor = 2n * length * BigInt(STEPS_PER_UNIT) * MS_PER_HOUR * per
  return (doubled * COUNTS_PER_UNIT * by + divisor / 2n) / divisor
}

/** How far readings around a period can matter to it. */
export function powerReach({ fromMs, toMs }: Period, gapSeconds: number): Period {
  return { fromMs: Math.max(0, fromMs - gapSeconds * 1_000), toMs: toMs + gapSeconds * 1_000 + 1 }
}

const pointOf = ({ atMs, value }: Sample): PowerPoint => ({ atMs, value })

/**
 * Energy of every slot of a period out of readings of power: trapezoids between samples no further apart than the
 * meter's expected gap. What lies between others is not in the energy, and the coverage says so; a slot without any is
 * missing. Flow against the register's direction is no energy of it. Ratio events of the register hold for its power too,
 * readings of power may be put aside.
 *
 * @param readings all that lie in `powerReach` of the period
 */
export function energyFromPower(
  meter: MeterFacts,
  quantity: QuantityName,
  power: QuantityName,
  readings: readonly Reading[],
  period: Period,
): Interval[] {
  const factor = integrationFactor(quantity, power)
  const rules = rulesOf(meter, quantity)
  const isIgnored = ignoring(meter.events, power)
  const samples = samplesOf(
    readings.filter(({ atMs }) => !isIgnored(atMs)),
    quantity,
  )
  const stretches = samples.flatMap((to, index): Stretch[] => {
    const from = samples[index - 1]
    return from !== undefined && to.atMs - from.atMs <= meter.gapSeconds * 1_000 ? [{ from, to }] : []
  })
  let next = 0
  return [...slotsBetween(period.fromMs, period.toMs)].map((slotMs): Interval => {
    const identity = { meter: meter.id, quantity, slotMs, undecided: [] }
    const endMs = slotMs + SLOT_MS
    while ((stretches[next]?.to.atMs ?? Infinity) <= slotMs) next += 1
    const own: Stretch[] = []
    for (let index = next; (stretches[index]?.from.atMs ?? Infinity) < endMs; index += 1) {
      const stretch = stretches[index]
      if (stretch !== undefined) own.push(stretch)
    }
    const [first, last] = [own[0]?.from, own.at(-1)?.to]
    if (factor === undefined || first === undefined || last === undefined)
      return { ...identity, state: 'missing', cause: 'no-readings' }
    const countsIn = ({ fromMs, toMs }: Period): bigint =>
      own.reduce(
        (total, stretch) => total + countsUpTo(stretch, toMs, factor) - countsUpTo(stretch, fromMs, factor),
        0n,
      )
    const parts = factorsIn({ fromMs: slotMs, toMs: endMs }, rules).map((part) =>
      multiply({ count: Number(countsIn(part)), resolution: RESOLUTION }, part.factor),
    )
    const energy = sum(parts) ?? { count: 0, resolution: RESOLUTION }
    const coveredMs = own.reduce(
      (sum, { from, to }) => sum + Math.min(to.atMs, endMs) - Math.max(from.atMs, slotMs),
      0,
    )
    const taking = new Set(own.flatMap(({ from, to }) => [from, to]))
    const restsOn = (quality: Sample['quality']): boolean =>
      [...taking].some((sample) => sample.quality === quality)
    return {
      ...identity,
      state: 'known',
      basis: 'power',
      energy,
      method: 'integrated',
      coverage: coveredMs / SLOT_MS,
      simulated: restsOn('simulated'),
      uncertain: restsOn('uncertain'),
      power,
      first: pointOf(first),
      last: pointOf(last),
      samples: taking.size,
    }
  })
}
