import { command, type Command, type reply } from '#contract/messages.ts'
import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { Journal } from './journal.ts'

/** Rows that one command may ask for again: an hour and more of a busy gateway. */
const RESEND_ROWS_MAX = 10_000
/** A command is a line of text. */
const COMMAND_BYTES_MAX = 16 * 1024

type Answer = Pick<z.infer<typeof reply>, 'outcome' | 'detail'>

/** What a command may do. */
export interface Obeys {
  readonly gateway: string
  readonly journal: Pick<Journal, 'resend'>
  readonly reportState: () => void
}

/** A payload of `down/command`, or undefined for what is none or names another gateway: it gets no answer. */
export function commandFor(gateway: string, payload: Uint8Array): Command | undefined {
  if (payload.length > COMMAND_BYTES_MAX) return undefined
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(payload))
  } catch {
    // What is not JSON is not a command.
    return undefined
  }
  const parsed = command.safeParse(value)
  return parsed.success && parsed.data.gateway === gateway ? parsed.data : undefined
}

/** Does what a command asks. Doing it twice is doing it once. */
export function obey(given: Command, { journal, reportState }: Obeys): Answer {
  if (given.kind === 'report-state') {
    reportState()
    return { outcome: 'done', detail: 'The state message is published.' }
  }
  const { resend } = given
  if (resend === undefined)
    return { outcome: 'refused', detail: 'It does not say which numbers to send again.' }
  const { epoch, firstSeq, lastSeq } = resend
  if (lastSeq < firstSeq) return { outcome: 'refused', detail: 'The numbers end before they begin.' }
  try {
    const rows = journal.resend(epoch, firstSeq, lastSeq, RESEND_ROWS_MAX)
    if (rows > RESEND_ROWS_MAX)
      return { outcome: 'refused', detail: `These are ${rows} rows; at most ${RESEND_ROWS_MAX} at a time.` }
    if (rows === 0) return { outcome: 'failed', detail: 'None of these numbers is kept any more.' }
    return { outcome: 'done', detail: `${rows} of ${lastSeq - firstSeq + 1} are kept and sent again.` }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { outcome: 'failed', detail: error.message }
  }
}
