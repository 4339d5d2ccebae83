import type { RatioRegister, RegisterMap, WireValue } from '#firmware-config/profile.ts'
import type { TextEncoding, Encoding } from '#firmware-config/encodings.ts'
import type { Reading } from '#contract/reading.ts'
import type { Answer } from '../bus.ts'
import { decode, unanswered } from '../decode.ts'
import { identityEvidence } from '../identity.ts'
import type { ReadQuery } from '#edge/modbus/frame.ts'
import type { ReadRequest } from '../plan.ts'
import { ratioContradictions } from '../ratio-check.ts'
import type { Asker } from './asker.ts'
import { decide, fitOf, type Decision, type ProfileFit } from './fit.ts'
import { requestsOf } from './meter-requests.ts'
import { presenceOf } from './presence.ts'

export interface Identification extends Decision {
  readonly unit: number
  /** All profiles, the best first. */
  readonly ranked: readonly ProfileFit[]
  /** Transformer ratios that the meter itself holds, for the candidates that tell. */
  readonly ratios: ReadonlyMap<string, readonly string[]>
  readonly questions: number
  /** Why not all questions were asked. */
  readonly cutShort: 'questions' | 'silent' | undefined
}

export interface IdentifyOptions {
  readonly unit: number
  readonly maps: readonly RegisterMap[]
  readonly asker: Asker
  readonly atMs: () => number
  readonly signal: AbortSignal
  readonly progress?: (profile: string, index: number) => void
}

/** All profiles of the library together have some 140 requests; a meter that refuses them costs a few more. */
const QUESTIONS_MAX = 400
/** A profile of which this many requests are refused, and more than are answered, is given up. */
const REFUSALS_MAX = 2
/** A unit that has never answered is given up after this many silent questions. */
const SILENCES_MAX = 4

/** A read stops here: the unit is not there, or enough was asked. */
class Enough extends Error {
  readonly why: 'questions' | 'silent'

  constructor(why: 'questions' | 'silent') {
    super(why)
    this.why = why
  }
}

/** Asks each question once, however many profiles want it. */
class Interview {
  readonly #options: IdentifyOptions
  readonly #answers = new Map<string, Answer>()
  #heard = false
  #silences = 0
  questions = 0

  constructor(options: IdentifyOptions) {
    this.#options = options
  }

  async ask(what: Omit<ReadQuery, 'unit'>, pauseMs: number): Promise<Answer> {
    const { unit, asker, signal } = this.#options
    const { function: code, address, quantity } = what
    const key = `${code}:${address}:${quantity}`
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    if (this.questions >= QUESTIONS_MAX) throw new Enough('questions')
    this.questions += 1
    const { answer } = await asker.ask({ unit, function: code, address, quantity }, signal, pauseMs)
    if (answer.cause === 'disconnected') throw answer.fault
    if (presenceOf(answer) === 'there') this.#heard = true
    else if (!this.#heard) this.#silences += 1
    if (!this.#heard && this.#silences >= SILENCES_MAX) throw new Enough('silent')
    this.#answers.set(key, answer)
    return answer
  }

  async words(
    { function: code, address, words }: WireValue<Encoding | TextEncoding>,
    pauseMs: number,
  ): Promise<readonly number[] | undefined> {
    const answer = await this.ask({ function: code, address, quantity: words }, pauseMs)
    return answer.words === undefined ? undefined : Array.from(answer.words)
  }
}

/** The readings of one request; where the meter refuses several values at once, each alone. */
async function readRequest(
  request: ReadRequest,
  map: RegisterMap,
  interview: Interview,
  atMs: number,
): Promise<Reading[]> {
  const answer = await interview.ask(request, map.limits.pauseMs)
  if (answer.words !== undefined) return decode(request, answer.words, atMs, map.id, 'good')
  const refusesSpan = answer.cause === 'illegal-address' || answer.cause === 'illegal-value'
  if (!refusesSpan || request.registers.length === 1) return unanswered(request, answer.cause, atMs, map.id)
  const readings: Reading[] = []
  let refusals = 0
  for (const register of request.registers) {
    const { function: code, address, words: quantity } = register
    const alone = { function: code, address, quantity, registers: [register] }
    const single = await interview.ask(alone, map.limits.pauseMs)
    if (single.words !== undefined) readings.push(...decode(alone, single.words, atMs, map.id, 'good'))
    else {
      readings.push(...unanswered(alone, single.cause, atMs, map.id))
      refusals += 1
      if (refusals >= REFUSALS_MAX) break
    }
  }
  return readings
}

async function examine(map: RegisterMap, interview: Interview, atMs: number): Promise<ProfileFit> {
  const words = new Map<object, readonly number[] | undefined>()
  for (const register of map.identity)
    words.set(register, await interview.words(register, map.limits.pauseMs))
  const readings: Reading[] = []
  let refused = 0
  let answered = 0
  for (const request of requestsOf(map).toSorted((a, b) => b.registers.length - a.registers.length)) {
    const found = await readRequest(request, map, interview, atMs)
    readings.push(...found)
    if (found.every(({ quality }) => quality === 'bad')) refused += 1
    else answered += 1
    if (refused >= REFUSALS_MAX && refused > answered) break
  }
  return fitOf(
    map,
    readings,
    identityEvidence(map, (register) => words.get(register)),
  )
}

async function ratiosOf(map: RegisterMap, interview: Interview): Promise<string[]> {
  const words = new Map<RatioRegister, readonly number[] | undefined>()
  for (const register of map.ratioRegisters) {
    words.set(register, await interview.words(register, map.limits.pauseMs))
  }
  return ratioContradictions(map, (register) => words.get(register)).map(
    ({ register: { ratio, address }, inMeter }) =>
      `register ${address} holds the ${ratio} ratio ${inMeter ?? '(no number)'}: compare it with the transformers and write it as ratios.${ratio}`,
  )
}

/**
 * Which profiles fit a unit, with the evidence. Only reads (functions 03 and 04), at most `QUESTIONS_MAX` times, each
 * question once. Rejects with the signal's reason, or with the Fault of a line that is lost.
 */
export async function identify(options: IdentifyOptions): Promise<Identification> {
  const { unit, maps, atMs } = options
  const interview = new Interview(options)
  const fits: ProfileFit[] = []
  const ratios = new Map<string, readonly string[]>()
  let cutShort: Identification['cutShort']
  try {
    for (const [index, map] of maps.entries()) {
      options.progress?.(map.id, index)
      fits.push(await examine(map, interview, atMs()))
    }
    for (const { map } of decide(fits).candidates) {
      const told = await ratiosOf(map, interview)
      if (told.length > 0) ratios.set(map.id, told)
    }
  } catch (error) {
    if (!(error instanceof Enough)) throw error
    cutShort = error.why
  }
  return { unit, ...decide(fits), ratios, questions: interview.questions, cutShort }
}
