import { HOUR_MS } from '#contract/duration.ts'
import type { Term } from './flow-node.ts'

/**
 * The electrical state that belongs to the loads and sources behind a point: S² = P² + Q² for each phase and in all,
 * I = S / U for each phase. Q is all that is not active (Fryze's sense), so it holds the power of harmonics D too:
 * with a sinusoidal voltage D = S · THDi / √(1 + THDi²) ≤ Q, or λ ≤ 1 / √(1 + THDi²). Load view: import and inductive
 * are positive.
 */

export interface PhaseState {
  readonly activeKw: number
  readonly reactiveKvar: number
  readonly voltageV: number
  readonly currentA: number
  readonly apparentKva: number
  readonly powerFactor: number
  readonly voltageThdPercent: number
  readonly currentThdPercent: number
}

export type ThreePhases<T> = readonly [T, T, T]

export interface ElectricalState {
  readonly carrier: 'electricity'
  readonly phases: ThreePhases<PhaseState>
  readonly activeKw: number
  readonly reactiveKvar: number
  readonly apparentKva: number
  readonly powerFactor: number
  readonly neutralCurrentA: number
  readonly frequencyHz: number
}

/** Phase by phase; the index is 0, 1, 2 for L1, L2, L3. */
export function eachPhase<T>(of: (phase: 0 | 1 | 2) => T): ThreePhases<T> {
  return [of(0), of(1), of(2)]
}

const TURN = 2 * Math.PI

const wave = (atMs: number, periodHours: number, phase = 0): number => {
  const turns = atMs / HOUR_MS / periodHours
  // Sines of small angles are quick and exact.
  return Math.sin((turns - Math.floor(turns)) * TURN + phase)
}

/** What all meters of a park see of the grid at one instant. */
interface Grid {
  readonly frequencyHz: number
  /** Voltage of each phase as a share of the nominal one: the swing of a day, of minutes and of seconds, within 2 %. */
  readonly voltageShares: ThreePhases<number>
  readonly voltageThdPercent: ThreePhases<number>
}

/** Mains frequency: 50 Hz within 0.025 Hz, the same at every meter. */
function gridAt(atMs: number): Grid {
  return {
    frequencyHz: 50 + 0.015 * wave(atMs, 0.113) + 0.008 * wave(atMs, 0.0121),
    voltageShares: eachPhase((phase) => {
      const turn = (TURN * phase) / 3
      return (
        1 +
        0.011 * wave(atMs, 24, turn / 7) +
        0.004 * wave(atMs, 0.61, turn) +
        0.0015 * wave(atMs, 0.027, turn)
      )
    }),
    voltageThdPercent: eachPhase((phase) => 1.8 + 0.3 * wave(atMs, 5.3, phase)),
  }
}

/** 1 without load, as meters show it. */
const powerFactorOf = (activeKw: number, apparentKva: number): number =>
  apparentKva === 0 ? 1 : activeKw / apparentKva

/** The harmonic share that a power factor leaves room for: λ = 1 / √(1 + THDi²), in percent. */
const thdRoomPercent = (powerFactor: number): number =>
  100 * Math.sqrt(Math.max(0, 1 / Math.max(powerFactor * powerFactor, 1e-6) - 1))

/** Current of the neutral: the sum of the phase currents as phasors, each lagging its own voltage by its own angle. */
function neutralCurrent(phases: ThreePhases<PhaseState>): number {
  let real = 0
  let imaginary = 0
  for (let index = 0; index < 3; index += 1) {
    const phase = phases[index]
    if (phase === undefined || phase.apparentKva === 0) continue
    const { currentA, activeKw, reactiveKvar, apparentKva } = phase
    // cos and sin of (−120°·index − φ), with cos φ = P/S and sin φ = Q/S.
    const cos = activeKw / apparentKva
    const sin = reactiveKvar / apparentKva
    const turnCos = index === 0 ? 1 : -0.5
    const turnSin = index === 0 ? 0 : index === 1 ? -Math.sqrt(0.75) : Math.sqrt(0.75)
    real += currentA * (turnCos * cos + turnSin * sin)
    imaginary += currentA * (turnSin * cos - turnCos * sin)
  }
  return Math.hypot(real, imaginary)
}

/** The state of a three-phase point at a moment, from the loads, sources and losses behind it. */
export function electricalState(terms: readonly Term[], nominalV: number, atMs: number): ElectricalState {
  const sums = [0, 0, 0, 0, 0, 0]
  let harmonic = 0
  let fundamental = 0
  for (const { curve, weight, tanPhi, phaseShares, currentThd } of terms) {
    const flow = weight * curve.at(atMs)
    const apparent = Math.abs(flow) * Math.sqrt(1 + tanPhi * tanPhi)
    harmonic += apparent * currentThd
    fundamental += apparent
    for (let phase = 0; phase < 3; phase += 1) {
      const part = flow * (phaseShares[phase] ?? 0)
      sums[phase] = (sums[phase] ?? 0) + part
      sums[phase + 3] = (sums[phase + 3] ?? 0) + part * tanPhi
    }
  }
  const grid = gridAt(atMs)
  const thdPercent = fundamental === 0 ? 0 : harmonic / fundamental
  const phases = eachPhase((phase): PhaseState => {
    const activeKw = sums[phase] ?? 0
    const reactiveKvar = sums[phase + 3] ?? 0
    const apparentKva = Math.sqrt(activeKw * activeKw + reactiveKvar * reactiveKvar)
    const voltageV = nominalV * grid.voltageShares[phase]
    const powerFactor = powerFactorOf(activeKw, apparentKva)
    return {
      activeKw,
      reactiveKvar,
      apparentKva,
      voltageV,
      currentA: (apparentKva * 1_000) / voltageV,
      powerFactor,
      voltageThdPercent: grid.voltageThdPercent[phase],
      currentThdPercent: Math.min(thdPercent, thdRoomPercent(powerFactor)),
    }
  })
  const [l1, l2, l3] = phases
  const activeKw = l1.activeKw + l2.activeKw + l3.activeKw
  const reactiveKvar = l1.reactiveKvar + l2.reactiveKvar + l3.reactiveKvar
  const apparentKva = Math.sqrt(activeKw * activeKw + reactiveKvar * reactiveKvar)
  return {
    carrier: 'electricity',
    phases,
    activeKw,
    reactiveKvar,
    apparentKva,
    powerFactor: powerFactorOf(activeKw, apparentKva),
    neutralCurrentA: neutralCurrent(phases),
    frequencyHz: grid.frequencyHz,
  }
}
