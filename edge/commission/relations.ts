import { isQuantityName, type QuantityName } from '#contract/quantities.ts'

/** Laws that hold between the values of one electricity meter, whatever it measures. */

export interface Relation {
  /** As a person writes it: "P² + Q² = S² (L1)". */
  readonly law: string
  readonly holds: boolean
  /** Both sides, for the report. */
  readonly left: number
  readonly right: number
}

/** A meter's value by the quantity's name; `undefined` where it gave none. */
export type ValueOf = (quantity: QuantityName) => number | undefined

/**
 * Both sides may differ by this share: values of one poll are read up to seconds apart, and harmonics count in S but not
 * in P² + Q².
 */
const TOLERANCE = 0.08
/** Registers are rounded: below this a share of the value says nothing. In the canonical unit. */
const ROUNDING = 0.02

interface Law {
  readonly law: string
  readonly of: readonly string[]
  readonly sides: (...values: number[]) => readonly [number, number]
}

const phaseNames = { l1: 'L1', l2: 'L2', l3: 'L3' } as const
const phases = Object.keys(phaseNames)
const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

const laws: readonly Law[] = [
  ...Object.entries({ ...phaseNames, total: 'total' }).flatMap(([place, name]): Law[] => [
    {
      law: `√(P² + Q²) = S (${name})`,
      of: [`activePower.${place}`, `reactivePower.${place}`, `apparentPower.${place}`],
      sides: (p = 0, q = 0, s = 0) => [Math.hypot(p, q), Math.abs(s)],
    },
    {
      law: `S × |λ| = |P| (${name})`,
      of: [`apparentPower.${place}`, `powerFactor.${place}`, `activePower.${place}`],
      sides: (s = 0, factor = 0, p = 0) => [Math.abs(s * factor), Math.abs(p)],
    },
  ]),
  ...Object.entries(phaseNames).map(([place, name]): Law => ({
    law: `U × I × |λ| = |P| (${name})`,
    of: [`voltage.${place}`, `current.${place}`, `powerFactor.${place}`, `activePower.${place}`],
    sides: (u = 0, i = 0, factor = 0, p = 0) => [Math.abs(u * i * factor) / 1_000, Math.abs(p)],
  })),
  ...['activePower', 'reactivePower', 'activeEnergyImport'].map((family): Law => ({
    law: `sum of the phases = total (${family})`,
    of: [...phases, 'total'].map((place) => `${family}.${place}`),
    sides: (...values) => [sumOf(values.slice(0, -1)), values.at(-1) ?? 0],
  })),
  {
    law: '√3 × mean phase voltage = line-to-line voltage',
    of: ['voltage.l1', 'voltage.l2', 'voltage.l3', 'voltageLineToLine.l12'],
    sides: (l1 = 0, l2 = 0, l3 = 0, l12 = 0) => [(Math.sqrt(3) * (l1 + l2 + l3)) / 3, l12],
  },
]

/** The laws whose values are all there; where both sides are next to nothing a law says nothing and is left out. */
export function relationsIn(valueOf: ValueOf): Relation[] {
  return laws.flatMap(({ law, of, sides }): Relation[] => {
    const values = of.flatMap((name) => (isQuantityName(name) ? [valueOf(name)] : []))
    if (values.length < of.length || values.some((value) => value === undefined)) return []
    const [left, right] = sides(...values.map((value) => value ?? 0))
    const largest = Math.max(Math.abs(left), Math.abs(right))
    if (largest < 2 * ROUNDING) return []
    return [{ law, left, right, holds: Math.abs(left - right) <= ROUNDING + TOLERANCE * largest }]
  })
}
