import type { RatioRegister } from '#firmware-config/profile.ts'
import type { PlannedRequest } from './agenda.ts'
import { ratioContradictions, type RatioContradiction } from './ratio-check.ts'

/** Somebody may have set them at the display. */
const AGAIN_MS = 3_600_000

/**
 * The transformer ratios set in one meter, held against those of its gateway file: when polling begins, when the meter
 * was away and is back, and every hour. Time comes in; nothing here waits.
 */
export class RatioWatch {
  readonly #registers: ReadonlyMap<PlannedRequest, RatioRegister>
  readonly #words = new Map<RatioRegister, readonly number[]>()
  #asked: PlannedRequest[]
  #answeredMs = 0
  #contradictions: readonly RatioContradiction[] = []

  constructor(registers: readonly RatioRegister[]) {
    this.#registers = new Map(
      registers.map((register) => {
        const { function: code, address, words: quantity } = register
        return [{ function: code, address, quantity, registers: [] }, register]
      }),
    )
    this.#asked = [...this.#registers.keys()]
  }

  /** What is not as the gateway file says, as far as it is known. */
  get contradictions(): readonly RatioContradiction[] {
    return this.#contradictions
  }

  /** What a poll that begins now is to ask before all else. */
  due(nowMs: number): readonly PlannedRequest[] {
    if (this.#asked.length === 0 && nowMs - this.#answeredMs >= AGAIN_MS) this.askAgain()
    return this.#asked
  }

  /** The meter may be another one, or have been set anew. */
  askAgain(): void {
    this.#asked = [...this.#registers.keys()]
  }

  /**
   * Takes the words of a request, `undefined` where the meter refuses it: that contradicts nothing. True where what is
   * known is another thing now.
   */
  answered(request: PlannedRequest, words: ArrayLike<number> | undefined, nowMs: number): boolean {
    const register = this.#registers.get(request)
    if (register === undefined) return false
    this.#asked = this.#asked.filter((each) => each !== request)
    this.#answeredMs = nowMs
    if (words === undefined) this.#words.delete(register)
    else this.#words.set(register, Array.from(words))
    const before = this.#contradictions
    const ratioRegisters = [...this.#registers.values()]
    this.#contradictions = ratioContradictions({ ratioRegisters }, (each) => this.#words.get(each))
    return messagesOf(before) !== messagesOf(this.#contradictions)
  }
}

const messagesOf = (found: readonly RatioContradiction[]): string =>
  found.map(({ message }) => message).join('\n')
