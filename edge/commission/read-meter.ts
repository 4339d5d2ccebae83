import { Fault } from '#contract/fault.ts'
import type { Reading } from '#contract/reading.ts'
import type { MappedRegister, RegisterMap } from '#firmware-config/profile.ts'
import { decode, unanswered } from '../decode.ts'
import type { ReadQuery } from '#edge/modbus/frame.ts'
import { ratioContradictions } from '../ratio-check.ts'
import type { Asker } from './asker.ts'
import { requestsOf } from './meter-requests.ts'

/** One quantity as it was read: where it lies, its words, its value. */
export interface ReadRegister {
  readonly register: MappedRegister
  /** `undefined` where the meter did not answer. */
  readonly words: readonly number[] | undefined
  readonly reading: Reading
}

/** Modbus Application Protocol 1.1b3 §6.3: quantity 1–125. */
export const REGISTERS_MAX = 125

/** The words of one request. Throws the Fault of what went wrong. */
export async function readWords(asker: Asker, query: ReadQuery, signal: AbortSignal): Promise<number[]> {
  const { answer } = await asker.ask(query, signal)
  if (answer.words === undefined) throw answer.fault
  return Array.from(answer.words)
}

/** Every quantity of a profile, read once, in the order of their addresses. */
export async function readMeter(
  asker: Asker,
  unit: number,
  map: RegisterMap,
  atMs: () => number,
  signal: AbortSignal,
): Promise<ReadRegister[]> {
  const found: ReadRegister[] = []
  for (const request of requestsOf(map)) {
    const { answer } = await asker.ask({ unit, ...request }, signal, map.limits.pauseMs)
    const readings =
      answer.words === undefined
        ? unanswered(request, answer.cause, atMs(), map.id)
        : decode(request, answer.words, atMs(), map.id, 'good')
    if (answer.cause === 'disconnected') throw answer.fault
    for (const [index, register] of request.registers.entries()) {
      const reading = readings[index]
      if (reading === undefined) throw new Fault('bus-frame-invalid', `No reading of ${register.quantity}.`)
      const start = register.address - request.address
      const words = answer.words?.slice(start, start + register.words)
      found.push({ register, words: words === undefined ? undefined : Array.from(words), reading })
    }
  }
  return found
}

/** Where the ratios set in the meter are not those that its values are multiplied with. */
export async function ratioWarnings(
  asker: Asker,
  unit: number,
  map: RegisterMap,
  signal: AbortSignal,
): Promise<string[]> {
  const words = new Map<object, readonly number[]>()
  for (const register of map.ratioRegisters) {
    const { function: code, address, words: quantity } = register
    const { answer } = await asker.ask(
      { unit, function: code, address, quantity },
      signal,
      map.limits.pauseMs,
    )
    if (answer.words !== undefined) words.set(register, Array.from(answer.words))
  }
  return ratioContradictions(map, (register) => words.get(register)).map(({ message }) => message)
}
