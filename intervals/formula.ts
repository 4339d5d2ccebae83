import { add, multiply, type Amount } from '#contract/amount.ts'
import { wayBack, type FormulaTerm } from '#contract/formula.ts'
import { slotsBetween, type Period } from '#contract/grid.ts'
import {
  isPartial,
  worseOf,
  type FormulaInput,
  type Interval,
  type KnownInterval,
  type RecordedInterval,
} from '#contract/interval.ts'
import type { MeterId } from '#contract/identity.ts'
import { formulaOf, type Meter, type Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'

/** Energy of meters that are not read but follow from others by a formula. */

/** An input of a formula with the quantity that is meant. */
export interface FormulaSource {
  readonly term: FormulaTerm
  readonly quantity: QuantityName
}

/** A formula with what it is computed from. */
export interface FollowedFormula {
  readonly text: string
  readonly sources: readonly FormulaSource[]
}

/**
 * How a meter follows from others; undefined for one that is read. A formula that names meters which the park does not have,
 * or that leads back to its own meter, is `unfollowable`: `tanbiao check` says why.
 */
export function followed(
  meter: Meter,
  park: Pick<Park, 'meters'>,
): FollowedFormula | 'unfollowable' | undefined {
  const { id, formula: text } = meter
  const formula = formulaOf(meter)
  if (text === undefined || formula === undefined) return undefined
  const sources: FormulaSource[] = []
  for (const term of formula.terms) {
    const input = park.meters.get(term.meter)
    if (input === undefined) return 'unfollowable'
    sources.push({ term, quantity: term.quantity ?? input.register })
  }
  return wayBack(id, (other) => inputsOf(other, park)) === undefined ? { text, sources } : 'unfollowable'
}

function inputsOf(id: MeterId, park: Pick<Park, 'meters'>): MeterId[] {
  const meter = park.meters.get(id)
  const formula = meter === undefined ? undefined : formulaOf(meter)
  return formula?.terms.map((term) => term.meter) ?? []
}

function shareOf({ isNegative, share }: FormulaTerm, energy: Amount): Amount {
  const { count, resolution } = multiply(energy, share)
  return { count: isNegative && count !== 0 ? -count : count, resolution }
}

/** One slot of the newest revisions of all inputs. */
function slotBy(
  identity: Pick<Interval, 'meter' | 'quantity' | 'slotMs'>,
  text: string,
  sources: readonly FormulaSource[],
  found: readonly (RecordedInterval | undefined)[],
): Interval {
  const inputs = sources.map(({ term, quantity }, index): FormulaInput => ({
    meter: term.meter,
    quantity,
    revision: found[index]?.revision ?? 0,
  }))
  const known: KnownInterval[] = []
  let energy: Amount | undefined
  for (const [index, { term }] of sources.entries()) {
    const input = found[index]
    if (input?.state !== 'known') {
      return { ...identity, state: 'missing', cause: 'input-missing', formula: text, inputs, undecided: [] }
    }
    known.push(input)
    const share = shareOf(term, input.energy)
    energy = energy === undefined ? share : add(energy, share)
  }
  if (energy === undefined) throw new RangeError('a formula without inputs')
  return {
    ...identity,
    state: 'known',
    basis: 'formula',
    energy,
    method: known.map(({ method }) => method).reduce(worseOf),
    coverage: Math.min(...known.map(({ coverage }) => coverage)),
    simulated: known.some(({ simulated }) => simulated),
    uncertain: known.some(({ uncertain }) => uncertain),
    undecided: [],
    formula: text,
    inputs,
    partial: known.some((input) => isPartial(input)),
  }
}

/**
 * A meter's intervals by its formula, for every slot of a period: missing where an input is missing, never zero; of the
 * worst method and the least coverage among its inputs; resting on exactly those revisions of them.
 *
 * @param recorded the newest revisions of an input in the period
 * @throws Fault `amount-overflow` where a share leaves more than nine decimals
 */
export function energyByFormula(
  meter: Pick<Meter, 'id' | 'register'>,
  formula: FollowedFormula,
  recorded: (meter: MeterId, quantity: QuantityName, period: Period) => readonly RecordedInterval[],
  period: Period,
): Interval[] {
  const bySlot = formula.sources.map(
    ({ term, quantity }) =>
      new Map(recorded(term.meter, quantity, period).map((interval) => [interval.slotMs, interval])),
  )
  return [...slotsBetween(period.fromMs, period.toMs)].map((slotMs) =>
    slotBy(
      { meter: meter.id, quantity: meter.register, slotMs },
      formula.text,
      formula.sources,
      bySlot.map((slots) => slots.get(slotMs)),
    ),
  )
}
