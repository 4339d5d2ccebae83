import { badCauses, type BadCause } from '#contract/reading.ts'
import type { Answer } from '../bus.ts'

/**
 * What an answer says about whether a unit is there. there: anything valid, exceptions included. absent: a gateway says
 * that nobody answers (0A, 0B). silent: nothing came. noise: bytes that are no answer. lost: no connection.
 */
export type Presence = 'there' | 'absent' | 'silent' | 'noise' | 'lost'

const otherThanThere: Readonly<Partial<Record<BadCause, Presence>>> = {
  timeout: 'silent',
  'frame-invalid': 'noise',
  disconnected: 'lost',
  'gateway-path': 'absent',
  'gateway-target': 'absent',
}

/** Judges one answer (MODBUS Application Protocol 1.1b3 §7: exceptions 0A and 0B are the gateway's own). */
export function presenceOf(answer: Answer): Presence {
  return answer.cause === undefined ? 'there' : (otherThanThere[answer.cause] ?? 'there')
}

/** A register's word or address as four digits: 0x00A0. */
export function hex(word: number): string {
  return `0x${word.toString(16).toUpperCase().padStart(4, '0')}`
}

/** An answer in a few words: "0x0000 = 0x4366" or the exception. */
export function answerText(answer: Answer, address: number): string {
  if (answer.words === undefined) return badCauses[answer.cause].en
  const [first = 0] = answer.words
  return `${hex(address)} = ${hex(first)}`
}
