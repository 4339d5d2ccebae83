import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gatewayPresence, meterPresence, silenceLimitMs, typicalSpacingMs } from './presence.ts'

const moment = fc.integer({ min: 0, max: 10_000_000 })
const gatewayEvidence = fc.record({
  silentAfterMs: fc.integer({ min: 1, max: 100_000 }),
  heardMs: fc.option(moment, { nil: undefined }),
  death: fc.option(fc.constantFrom('stopped' as const, 'connection-lost' as const), { nil: undefined }),
})
const meterEvidence = fc.record({
  gateway: fc.constantFrom('online' as const, 'silent' as const),
  limitMs: fc.integer({ min: 1, max: 100_000 }),
  usableMs: fc.option(moment, { nil: undefined }),
  bad: fc.option(fc.record({ atMs: moment, cause: fc.constant('timeout' as const) }), { nil: undefined }),
})

describe('gateway presence', () => {
  test('online means: heard within its limit, and no death since', () => {
    fc.assert(
      fc.property(gatewayEvidence, moment, (evidence, nowMs) => {
        const online = gatewayPresence(evidence, nowMs).state === 'online'
        const heard = evidence.heardMs !== undefined && nowMs - evidence.heardMs <= evidence.silentAfterMs
        expect(online).toBe(heard && evidence.death === undefined)
      }),
    )
  })

  test('the passing of time alone never brings a silent gateway back', () => {
    fc.assert(
      fc.property(gatewayEvidence, moment, moment, (evidence, nowMs, laterMs) => {
        fc.pre(gatewayPresence(evidence, nowMs).state === 'silent')
        expect(gatewayPresence(evidence, nowMs + laterMs).state).toBe('silent')
      }),
    )
  })
})

describe('meter presence', () => {
  test('ok means: its gateway is there, no failed reading is newer, and the usable one is within the limit', () => {
    fc.assert(
      fc.property(meterEvidence, moment, (evidence, nowMs) => {
        const ok = meterPresence(evidence, nowMs).state === 'ok'
        const { gateway, bad, usableMs, limitMs } = evidence
        const fresh = usableMs !== undefined && nowMs - usableMs <= limitMs
        expect(ok).toBe(gateway === 'online' && bad === undefined && fresh)
      }),
    )
  })

  test('the passing of time alone never makes a stale value fresh', () => {
    fc.assert(
      fc.property(meterEvidence, moment, moment, (evidence, nowMs, laterMs) => {
        fc.pre(meterPresence(evidence, nowMs).state !== 'ok')
        expect(meterPresence(evidence, nowMs + laterMs).state).not.toBe('ok')
      }),
    )
  })

  test('a failing one carries the cause of its newest reading', () => {
    const bad = { atMs: 9_000, cause: 'illegal-address' as const }
    const evidence = { gateway: 'online' as const, limitMs: 30_000, usableMs: 1_000, bad }
    expect(meterPresence(evidence, 10_000)).toEqual({ state: 'failing', cause: 'illegal-address' })
    expect(meterPresence(evidence, 39_001)).toEqual({ state: 'silent' })
  })

  test('the limit is three polls, and never below that of its gateway', () => {
    expect(silenceLimitMs(60_000, 30_000)).toBe(180_000)
    expect(silenceLimitMs(1_000, 30_000)).toBe(30_000)
    expect(silenceLimitMs(undefined, 30_000)).toBe(30_000)
  })

  test('the poll interval is learned from the moments, and one long gap does not change it', () => {
    expect(typicalSpacingMs([0, 10_000, 20_000, 500_000, 510_000])).toBe(10_000)
    expect(typicalSpacingMs([5])).toBeUndefined()
  })
})
