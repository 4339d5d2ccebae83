import type { Logger } from 'pino'
import type { Clock } from '#contract/clock.ts'
import { receiptMessage, receiptsIn, type Receipt, type StateMessage } from '#contract/messages.ts'
import type { Journal } from './journal.ts'

/** What an uplink says of its gateway, and what it is told of its batches. */

export interface StateSources {
  readonly gateway: string
  readonly journal: Pick<Journal, 'epoch'>
  readonly clock: Clock
  /** What the state message says of the gateway at this moment. */
  readonly state: () => Pick<StateMessage, 'journal' | 'clock' | 'configuration' | 'meters' | 'buses'>
}

/** The text of a state message. A death that the broker will tell of knows nothing of the moment at which it does. */
export function stateText(
  { gateway, journal, clock, state }: StateSources,
  kind: StateMessage['kind'],
  reason: StateMessage['reason'],
  atMs = Math.max(0, Math.floor(clock.wallMs())),
): string {
  const head = {
    v: 1,
    gateway,
    kind,
    atMs,
    ...(journal.epoch === undefined ? {} : { epoch: journal.epoch }),
    reason,
  } as const
  const isWill = kind === 'death' && reason === 'connection-lost'
  return JSON.stringify((isWill ? head : { ...head, ...state() }) satisfies StateMessage)
}

/** The receipts in a message; none in one that is not valid, or another gateway's, which is logged. */
export function receiptsFor(gateway: string, payload: Uint8Array, log: Logger): readonly Receipt[] {
  const parsed = receiptMessage.safeParse(parseJson(payload))
  if (parsed.success && parsed.data.gateway === gateway) return receiptsIn(parsed.data)
  log.warn({ problem: parsed.error?.message ?? 'for another gateway' }, 'a receipt is not valid')
  return []
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    // What is not JSON is not a receipt: the schema says so to the caller.
    return undefined
  }
}
