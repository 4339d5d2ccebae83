import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ROWS_TOGETHER_MAX } from '#contract/bundle.ts'
import { receiptMessage, receiptsIn, type Receipt } from '#contract/messages.ts'
import { receiptsOf } from './receipts.ts'
import type { Outcome } from './record.ts'

const committed = fc.record({
  gateway: fc.constantFrom('gw-a', 'gw-b', 'gw-c'),
  isBundled: fc.boolean(),
  outcome: fc.constantFrom('stored' as const, 'quarantined' as const),
  refused: fc.nat(3),
})

it('answers each payload once, those of bundles in one message a gateway', () => {
  fc.assert(
    fc.property(fc.array(committed, { maxLength: 300 }), (all) => {
      const outcomes = all.map(({ gateway, isBundled, outcome, refused }, index): Outcome => {
        const digest = index.toString(16).padStart(64, '0')
        const topic = { park: 'park-1', gateway, leaf: 'backlog' } as const
        return {
          delivery: { topic, payload: new Uint8Array(), digest, receivedMs: 1, isBundled },
          record: {
            gateway,
            epoch: null,
            seq: null,
            digest,
            committedAtMs: 5,
            stored: 0,
            touched: [],
            refused: [],
          },
          receipt: { v: 1, gateway, digest, outcome, refused, committedAtMs: 5 },
        }
      })
      // As they are on the wire.
      const messages = receiptsOf(outcomes).map((each) =>
        receiptMessage.parse(JSON.parse(JSON.stringify(each))),
      )
      const byDigest = (a: Receipt, b: Receipt): number => a.digest.localeCompare(b.digest)
      expect(messages.flatMap(receiptsIn).toSorted(byDigest)).toEqual(outcomes.map(({ receipt }) => receipt))
      const joint = messages.filter((each) => 'rows' in each)
      const bundled = all.filter(({ isBundled }) => isBundled)
      const ofGateways = Map.groupBy(bundled, ({ gateway }) => gateway)
      const expected = [...ofGateways.values()].map((of) => Math.ceil(of.length / ROWS_TOGETHER_MAX))
      expect(joint).toHaveLength(expected.reduce((sum, each) => sum + each, 0))
      expect(messages.length - joint.length).toBe(all.length - bundled.length)
    }),
  )
})
