import { eachPhase, type ThreePhases } from './electrical.ts'
import type { LoadCurve } from './load-curve.ts'
import { seededStream } from './seeded.ts'

/** A flow as the weighted sum of the curves of all loads, sources and losses behind it. */

/** A load, source or loss, as a part of some flow. */
export interface Term {
  readonly curve: LoadCurve
  /** Below zero for a source: the load view of the catalogue. */
  readonly weight: number
  readonly tanPhi: number
  readonly phaseShares: ThreePhases<number>
  /** Harmonic share of its current, in percent. */
  readonly currentThd: number
}

export interface FlowNode {
  readonly terms: readonly Term[]
  /** The part of the terms that is lost on the way to what it feeds. */
  readonly losses: readonly Term[]
  /** The flow never leaves [least, most]; load view. */
  readonly least: number
  readonly most: number
  /** Its reactive power never exceeds this. */
  readonly reactiveMost: number
  /** True for what only delivers, such as PV. */
  readonly source: boolean
  readonly nominalV: number
}

export const THIRDS: ThreePhases<number> = [1 / 3, 1 / 3, 1 / 3]

/** Shares of the phases that differ from a third by up to `unbalance`. */
export function phaseSharesOf(unbalance: number, seed: number, name: string): ThreePhases<number> {
  const random = seededStream(seed, `${name}/phase`)
  const l1 = (1 + unbalance * (2 * random(1) - 1)) / 3
  const l2 = (1 + unbalance * (2 * random(2) - 1)) / 3
  return [l1, l2, 1 - l1 - l2]
}

/** Reactive for active power. */
export const tanPhiOf = (cosPhi: number): number => Math.tan(Math.acos(cosPhi))

/** The terms of a node times a factor. */
export const timesFactor = (terms: readonly Term[], factor: number): Term[] =>
  terms.map((term) => ({ ...term, weight: term.weight * factor }))

/** Σ weight · flow of each term. */
export function flowOfTerms(terms: readonly Term[], atMs: number): number {
  let sum = 0
  for (const { curve, weight } of terms) sum += weight * curve.at(atMs)
  return sum
}

/** Σ weight · integral of each term. */
export function amountOfTerms(terms: readonly Term[], atMs: number): number {
  let sum = 0
  for (const { curve, weight } of terms) sum += weight * curve.integralAt(atMs)
  return sum
}

/** Active and reactive parts of terms by phase, from the flow or the integral of each term's curve. */
export function byPhase(
  terms: readonly Term[],
  of: (curve: LoadCurve) => number,
): ThreePhases<{ readonly active: number; readonly reactive: number }> {
  const sums = [0, 0, 0, 0, 0, 0]
  for (const { curve, weight, tanPhi, phaseShares } of terms) {
    const flow = weight * of(curve)
    for (let phase = 0; phase < 3; phase += 1) {
      const part = flow * (phaseShares[phase] ?? 0)
      sums[phase] = (sums[phase] ?? 0) + part
      sums[phase + 3] = (sums[phase + 3] ?? 0) + part * tanPhi
    }
  }
  return eachPhase((phase) => ({ active: sums[phase] ?? 0, reactive: sums[phase + 3] ?? 0 }))
}
