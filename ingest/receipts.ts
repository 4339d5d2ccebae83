import { ROWS_TOGETHER_MAX } from '#contract/bundle.ts'
import type { JointReceipt, Receipt, ReceiptMessage } from '#contract/messages.ts'
import type { Outcome } from './record.ts'

/** One message for so many receipts of one gateway. */
function together(receipts: readonly Receipt[]): JointReceipt[] {
  const messages: JointReceipt[] = []
  for (let start = 0; start < receipts.length; start += ROWS_TOGETHER_MAX) {
    const some = receipts.slice(start, start + ROWS_TOGETHER_MAX)
    const [first] = some
    if (first === undefined) continue
    const rows = some.map(({ digest, outcome, refused }) => ({ digest, outcome, refused }))
    messages.push({ v: 1, gateway: first.gateway, rows, committedAtMs: first.committedAtMs })
  }
  return messages
}

/**
 * What is answered to the gateways of payloads that were committed together, all at one moment: of payloads that came in
 * bundles one message for a gateway, of others one each. Pure.
 */
export function receiptsOf(outcomes: readonly Outcome[]): ReceiptMessage[] {
  const bundled = outcomes.filter(({ delivery }) => delivery.isBundled === true)
  const alone = outcomes.filter(({ delivery }) => delivery.isBundled !== true)
  const ofGateways = Map.groupBy(bundled, ({ receipt }) => receipt.gateway)
  return [
    ...alone.map(({ receipt }) => receipt),
    ...[...ofGateways.values()].flatMap((of) => together(of.map(({ receipt }) => receipt))),
  ]
}
