import type { MappedRegister } from '#firmware-config/profile.ts'
import type { PlannedRequest } from './agenda.ts'
import type { LineCost } from './line-cost.ts'
import { byPlace, endOf, plan, requestOf, type PlanLimits, type ReadRequest } from './plan.ts'

type Registers = readonly [MappedRegister, ...MappedRegister[]]
type Cut = NonNullable<PlanLimits['cuts']>[number]

/** A request that was refused, asked as two: when both are answered, it is their being together that is refused. */
interface Split {
  readonly parts: readonly PlannedRequest[]
  readonly cut: Cut
  answered: number
}

/**
 * What a meter refuses although its profile has it: exception 02 for a request says only that something in it is wrong.
 * The request is halved until it is known what: a value that is refused alone is no longer asked for; two halves that are
 * answered, but not together (over a gap, or the end of a block), are no longer joined. All else is read meanwhile.
 */
export class Refusals {
  readonly #limits: PlanLimits
  readonly #cost: LineCost
  #refused = new Set<MappedRegister>()
  #cuts: Cut[] = []
  #splits: Split[] = []

  constructor(limits: PlanLimits, cost: LineCost) {
    this.#limits = limits
    this.#cost = cost
  }

  /** True when the plan is not that of the profile. */
  get any(): boolean {
    return this.#refused.size > 0 || this.#cuts.length > 0
  }

  /**
   * The cheapest requests for what is not refused; the first names what is. Where all is refused, one value is asked for
   * all the same, so that its answer says so.
   */
  plan(registers: readonly MappedRegister[]): PlannedRequest[] {
    const refused = registers.filter((register) => this.#refused.has(register))
    const asked = registers.filter((register) => !this.#refused.has(register))
    if (asked.length === 0) {
      const [first, ...others] = atomsOf(refused)
      return first === undefined ? [] : [withRefused(requestOf(first), others.flat())]
    }
    const cuts = [...(this.#limits.cuts ?? []), ...this.#cuts]
    const [first, ...others] = plan(asked, { ...this.#limits, cuts }, this.#cost)
    return first === undefined ? [] : [withRefused(first, refused), ...others]
  }

  /** A request was refused: what to ask instead; nothing when it is now known what it is that is refused. */
  refuse(request: PlannedRequest): PlannedRequest[] {
    this.#splits = this.#splits.filter(({ parts }) => !parts.includes(request))
    const atoms = atomsOf(request.registers)
    const at = splitAt(atoms)
    const [left, right] = [joined(atoms.slice(0, at)), joined(atoms.slice(at))]
    if (left === undefined || right === undefined) {
      for (const register of request.registers) this.#refused.add(register)
      this.#cuts.push({ function: request.function, address: request.address })
      return []
    }
    const parts = [withRefused(left, request.refused ?? []), right]
    this.#splits.push({ parts, cut: { function: right.function, address: right.address }, answered: 0 })
    return parts
  }

  /** A request was answered. True when something was learnt by it. */
  answered(request: PlannedRequest): boolean {
    const split = this.#splits.find(({ parts }) => parts.includes(request))
    if (split === undefined) return false
    split.answered += 1
    if (split.answered < split.parts.length) return false
    this.#splits = this.#splits.filter((other) => other !== split)
    this.#cuts.push(split.cut)
    return true
  }

  /** The poll is over: halves that were not asked say nothing. */
  endPoll(): void {
    this.#splits = []
  }

  /** Takes the profile at its word again. */
  forget(): void {
    this.#refused = new Set()
    this.#cuts = []
    this.#splits = []
  }
}

const withRefused = (request: ReadRequest, refused: readonly MappedRegister[]): PlannedRequest =>
  refused.length === 0 ? request : { ...request, refused }

/** Values that share registers stand or fall together: an atom. In the order of their addresses. */
function atomsOf(registers: readonly MappedRegister[]): Registers[] {
  const atoms: [MappedRegister, ...MappedRegister[]][] = []
  let end = 0
  for (const register of registers.toSorted(byPlace)) {
    const last = atoms.at(-1)
    if (last !== undefined && last[0].function === register.function && register.address < end) {
      last.push(register)
      end = Math.max(end, endOf(register))
    } else {
      atoms.push([register])
      end = endOf(register)
    }
  }
  return atoms
}

function joined(atoms: readonly Registers[]): PlannedRequest | undefined {
  const [first, ...others] = atoms.flat()
  return first === undefined ? undefined : requestOf([first, ...others])
}

/** Where to halve: at the widest gap, because what lies in a gap is what nobody has vouched for; else in the middle. */
function splitAt(atoms: readonly Registers[]): number {
  const middle = atoms.length / 2
  let best = { at: Math.floor(middle), gap: 0 }
  for (let at = 1; at < atoms.length; at += 1) {
    const gap = (atoms[at]?.[0].address ?? 0) - Math.max(...(atoms[at - 1] ?? []).map(endOf))
    const nearer = Math.abs(at - middle) < Math.abs(best.at - middle)
    if (gap > best.gap || (gap === best.gap && nearer)) best = { at, gap }
  }
  return best.at
}
