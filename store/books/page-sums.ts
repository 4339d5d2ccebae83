import { add, type Amount } from '#contract/amount.ts'
import { join, NO_SLOTS, sumOfSlot, type EnergySum } from '#contract/energy-sum.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { IntervalIdentity } from '#contract/interval.ts'
import type { KeptSlot } from './intervals.ts'
import { intervalFrom, isSimulated, isUncertain } from './slot-content.ts'

/** Ordinary slots of one resolution are added up as they are kept: a year of a park is more than a million of them. */
class PlainSum {
  #energy: Amount
  #slots = 0
  #simulated = 0
  #uncertain = 0

  constructor(resolution: string) {
    this.#energy = { count: 0, resolution }
  }

  take(count: number, marks: number): void {
    const sum = this.#energy.count + count
    this.#energy = Number.isSafeInteger(sum)
      ? { count: sum, resolution: this.#energy.resolution }
      : add(this.#energy, { count, resolution: this.#energy.resolution })
    this.#slots += 1
    if (isSimulated(marks)) this.#simulated += 1
    if (isUncertain(marks)) this.#uncertain += 1
  }

  sum(): EnergySum {
    return {
      ...NO_SLOTS,
      energy: this.#energy,
      known: this.#slots,
      simulated: this.#simulated,
      uncertain: this.#uncertain,
      coveredMs: this.#slots * SLOT_MS,
      methods: { measured: { slots: this.#slots, energy: this.#energy } },
    }
  }
}

/** What kept slots add up to: the same as joining `sumOfSlot` of each. Throws `amount-overflow`. */
export function sumOfKept(identity: Omit<IntervalIdentity, 'slotMs'>, slots: Iterable<KeptSlot>): EnergySum {
  const plain = new Map<string, PlainSum>()
  const others: EnergySum[] = []
  for (const { slotMs, content } of slots) {
    if (typeof content === 'string') {
      others.push(sumOfSlot(intervalFrom({ ...identity, slotMs }, content)))
      continue
    }
    let sum = plain.get(content.resolution)
    if (sum === undefined) {
      sum = new PlainSum(content.resolution)
      plain.set(content.resolution, sum)
    }
    sum.take(content.energyCount, content.marks)
  }
  return join([...[...plain.values()].map((sum) => sum.sum()), ...others])
}
