import { toNumber } from '#contract/amount.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { Boundary, RegisterInterval } from '#contract/interval.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { plainAdvance, type MeterFacts, type RegisterRules } from './advance.ts'

/**
 * Slots whose two lines were read, with nothing in between and nothing to weigh: nearly all of a well-read meter's. They
 * come out as `energyOf` would make them step by step, at a fraction of the time.
 */
export class ReadSlots {
  readonly #meter: MeterFacts
  readonly #quantity: QuantityName
  readonly #rules: RegisterRules
  readonly #gapMs: number
  #resolution = ''
  #stepValue = 0
  /** The closing boundary of the slot before, which is the opening one of the next. */
  #last: { reading: RegisterReading; boundary: Boundary } | undefined

  constructor(meter: MeterFacts, quantity: QuantityName, rules: RegisterRules) {
    this.#meter = meter
    this.#quantity = quantity
    this.#rules = rules
    this.#gapMs = meter.gapSeconds * 1_000
  }

  /** @param from and `to`: neighbouring readings, placed at the slot's start and at its end */
  slotOf(
    slotMs: number,
    from: RegisterReading | undefined,
    to: RegisterReading | undefined,
  ): RegisterInterval | undefined {
    if (from === undefined || to === undefined || from.quality === 'manual' || to.quality === 'manual')
      return undefined
    const { resolution } = from.value
    if (resolution !== this.#resolution) {
      this.#resolution = resolution
      this.#stepValue = toNumber({ count: 1, resolution })
    }
    const count = plainAdvance(from.value, to.value, to.atMs - from.atMs, this.#rules, this.#stepValue)
    if (count === undefined) return undefined
    const opening = this.#last?.reading === from ? this.#last.boundary : boundaryAt(slotMs, from)
    const closing = boundaryAt(slotMs + SLOT_MS, to)
    this.#last = { reading: to, boundary: closing }
    return {
      meter: this.#meter.id,
      quantity: this.#quantity,
      slotMs,
      state: 'known',
      basis: 'register',
      energy: { count, resolution },
      method: 'measured',
      coverage: to.atMs - from.atMs <= this.#gapMs ? 1 : 0,
      opening,
      closing,
      simulated: from.quality === 'simulated' || to.quality === 'simulated',
      uncertain: from.quality === 'uncertain' || to.quality === 'uncertain',
      undecided: [],
    }
  }
}

function boundaryAt(lineMs: number, { atMs, value: register }: RegisterReading): Boundary {
  const read = { atMs, register }
  return { atMs: lineMs, register, method: 'measured', before: read, after: read }
}
