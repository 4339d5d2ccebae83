import { HOUR_MS } from './load-curve.ts'

/**
 * The electrical state that belongs to given active and reactive powers of three phases: S² = P² + Q² for each phase
 * and in all, I = S / U for each phase. Load view: import and inductive are positive.
 */

export interface PhasePower {
  readonly activeKw: number
  readonly reactiveKvar: number
}

export interface PhaseState extends PhasePower {
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

const wave = (atMs: number, periodHours: number, phase = 0): number =>
  Math.sin((2 * Math.PI * (atMs / HOUR_MS)) / periodHours + phase)

/** Nominal voltage with the swing of a day, of minutes and of seconds; within 2 % of the nominal one. */
function voltageAt(nominalV: number, phase: number, atMs: number): number {
  const turn = (2 * Math.PI * phase) / 3
  const swing =
    0.011 * wave(atMs, 24, turn / 7) + 0.004 * wave(atMs, 0.61, turn) + 0.0015 * wave(atMs, 0.027, turn)
  return nominalV * (1 + swing)
}

/** Mains frequency: 50 Hz within 0.025 Hz, the same at every meter. */
function frequencyAt(atMs: number): number {
  return 50 + 0.015 * wave(atMs, 0.113) + 0.008 * wave(atMs, 0.0121)
}

/** 1 without load, as meters show it. */
const powerFactorOf = (activeKw: number, apparentKva: number): number =>
  apparentKva === 0 ? 1 : activeKw / apparentKva

/** Current of the neutral: the sum of the phase currents as phasors, each lagging its own voltage by its own angle. */
function neutralCurrent(phases: ThreePhases<PhaseState>): number {
  let real = 0
  let imaginary = 0
  for (const [index, { currentA, activeKw, reactiveKvar }] of phases.entries()) {
    const angle = (-2 * Math.PI * index) / 3 - Math.atan2(reactiveKvar, activeKw)
    real += currentA * Math.cos(angle)
    imaginary += currentA * Math.sin(angle)
  }
  return Math.hypot(real, imaginary)
}

/** The state of a three-phase point at a moment. */
export function electricalState(
  powers: ThreePhases<PhasePower>,
  nominalV: number,
  atMs: number,
): ElectricalState {
  const phases = eachPhase((phase): PhaseState => {
    const { activeKw, reactiveKvar } = powers[phase]
    const apparentKva = Math.hypot(activeKw, reactiveKvar)
    const voltageV = voltageAt(nominalV, phase, atMs)
    return {
      activeKw,
      reactiveKvar,
      apparentKva,
      voltageV,
      currentA: (apparentKva * 1_000) / voltageV,
      powerFactor: powerFactorOf(activeKw, apparentKva),
      voltageThdPercent: 1.8 + 0.3 * wave(atMs, 5.3, phase),
      currentThdPercent: 6 + wave(atMs, 1.7, phase),
    }
  })
  const [l1, l2, l3] = phases
  const activeKw = l1.activeKw + l2.activeKw + l3.activeKw
  const reactiveKvar = l1.reactiveKvar + l2.reactiveKvar + l3.reactiveKvar
  const apparentKva = Math.hypot(activeKw, reactiveKvar)
  return {
    carrier: 'electricity',
    phases,
    activeKw,
    reactiveKvar,
    apparentKva,
    powerFactor: powerFactorOf(activeKw, apparentKva),
    neutralCurrentA: neutralCurrent(phases),
    frequencyHz: frequencyAt(atMs),
  }
}
