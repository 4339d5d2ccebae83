import { toNumber } from '#contract/amount.ts'
import type { Period } from '#contract/grid.ts'
import type { RegisterInterval } from '#contract/interval.ts'
import { fromBooks } from '#cli/platform-intervals.ts'
import { loadProfile } from '#firmware-config/profile.ts'
import type { GradedMeter } from '#simulators/grade.ts'
import { makePlant } from '#simulators/plant.ts'
import { truthOf } from '#simulators/truth-energy.ts'
import { makePast, type PastPark } from './past.ts'

/** A past of the demonstration park, made in a folder, with all meters of its gateways ready to be graded. */
export async function gradedPast(
  past: PastPark,
  folder: string,
  period: Period,
): Promise<{ readonly meters: readonly GradedMeter[]; readonly books: string }> {
  const truth = truthOf(past.scenario, past.park, makePlant(past.scenario, past.park))
  const { books } = await makePast(past, folder, period)
  const platform = fromBooks(books)
  const meters: GradedMeter[] = []
  for (const line of past.gateways.flatMap(({ buses }) => buses.flatMap(({ meters }) => meters))) {
    const meter = past.park.meters.get(line.meter)
    if (meter === undefined) continue
    const { registers } = loadProfile(line.profile, line.ratios)
    const register = registers.find(({ quantity }) => quantity === meter.register)
    meters.push({
      meter: meter.id,
      intervals: await platform.intervals(meter, period),
      truthIn: (stretch) => truth.energyOf(meter.id, stretch),
      step: Number(register?.resolution),
      isFloat32: register?.encoding === 'f32',
      eventsMs: [],
      isScaled: false,
    })
  }
  platform.close()
  return { meters, books }
}

/** A meter's interval that rests on its register. Throws RangeError where there is none. */
export function registerIntervalOf({ meter, intervals }: GradedMeter, index: number): RegisterInterval {
  const found = intervals[index]
  if (found?.state === 'known' && found.basis === 'register') return found
  throw new RangeError(`${meter} has no interval ${index}`)
}

/** What a 32-bit float cannot tell apart at the end of a meter's intervals; 0 for other registers. */
export function floatStepOf(meter: GradedMeter): number {
  const { closing } = registerIntervalOf(meter, meter.intervals.length - 1)
  return meter.isFloat32 ? 2 ** Math.ceil(Math.log2(Math.max(1, toNumber(closing.register)))) / 2 ** 23 : 0
}
