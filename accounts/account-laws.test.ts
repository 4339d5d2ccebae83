import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EntryBody, LedgerEntry, Posting } from '#contract/entry.ts'
import { AccountState, stateOf } from './account-state.ts'
import { decimal, quotient, textOf } from './decimal.ts'
import { causeOf, restatementOf } from './restatement.ts'
import { statementOf, totalsOf } from './statement.ts'

const months = ['2026-01', '2026-02', '2026-03']
const sources = ['gas', 'power', 'wood']

const posting = (month: string, source: string, tCo2: string | undefined): Posting => ({
  kind: 'posting',
  month,
  source,
  sourceKind: source === 'gas' ? 'fuel' : source === 'power' ? 'electricity-purchased' : 'biomass',
  scope: source === 'gas' ? '1' : source === 'power' ? '2' : 'biomass',
  ...(tCo2 === undefined ? {} : { activity: { amount: tCo2, unit: 't' }, tCo2 }),
  formula: 'activity',
  factors: [],
  methods: {},
  evidence: { meters: [], records: [] },
})

const amount = fc
  .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 9 }))
  .map(([digits, decimals]) => textOf(quotient(decimal(String(digits)), decimal(String(10 ** decimals)))))

/** What a month of an account is computed to be at some moment: a figure of each source, or nothing known. */
const computed = fc.record({
  month: fc.constantFrom(...months),
  tonnes: fc.tuple(fc.option(amount, { nil: undefined }), amount, amount),
  waitMs: fc.integer({ min: 0, max: 3 }),
})
const history = fc.array(computed, { minLength: 1, maxLength: 25 })

const hash = '0'.repeat(64)

/** The ledger that computed months leave, posting and restating one after the other. */
function ledgerOf(
  steps: readonly (typeof computed extends fc.Arbitrary<infer T> ? T : never)[],
  materiality: string,
) {
  const entries: LedgerEntry[] = []
  const incremental = new AccountState()
  const states: { atMs: number; seen: number }[] = []
  let atMs = 0
  for (const { month, tonnes, waitMs } of steps) {
    atMs += waitMs
    const fresh = sources.map((source, index) => posting(month, source, tonnes[index]))
    const bodies: EntryBody[] = restatementOf(incremental, month, fresh, materiality)
    for (const body of bodies) {
      const number = entries.length + 1
      const entry = {
        account: 'a',
        number,
        recordedAtMs: atMs,
        version: 2 as const,
        body,
        previous: hash,
        hash,
      }
      entries.push(entry)
      incremental.take(entry)
    }
    states.push({ atMs, seen: entries.length })
  }
  return { entries, incremental, states }
}

const seen = (state: AccountState): unknown => [
  [...state.postings].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  [...state.adjustments],
  [...state.differences].toSorted(([a], [b]) => a - b),
  state.last,
]

describe('The laws of an account', () => {
  test('taking every entry anew gives the state that grew with them', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { entries, incremental } = ledgerOf(steps, '0')
        expect(seen(stateOf(entries))).toEqual(seen(incremental))
      }),
    )
  })

  test('as known between two times of a clock that was ahead it says so, and of no other day', () => {
    const bodies: EntryBody[] = [
      posting('2026-01', 'gas', '1'),
      posting('2026-02', 'gas', '2'),
      { kind: 'clock', wallMs: 20 },
      posting('2026-03', 'gas', '3'),
    ]
    const entries = bodies.map((body, index): LedgerEntry => {
      const recordedAtMs = [10, 90, 90, 100][index] ?? 0
      return { account: 'a', number: index + 1, recordedAtMs, version: 2, body, previous: hash, hash }
    })
    const clocksAt = (atMs?: number) => statementOf(stateOf(entries, atMs), months).clocks
    const told = [{ entry: 3, wallMs: 20, datedMs: 90 }]
    expect([5, 19, 20, 89, 90, 100].map(clocksAt)).toEqual([[], [], told, told, [], []])
    expect(clocksAt()).toEqual([])
    expect(stateOf(entries, 30).months()).toEqual(['2026-01'])
    expect(stateOf(entries).months()).toEqual(months)
  })

  test('as known at a moment it stays what it was then, whatever comes later', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { entries, states } = ledgerOf(steps, '0')
        for (const [index, { atMs }] of states.entries()) {
          const last = states.findLastIndex((each) => each.atMs === atMs)
          if (last !== index) continue
          const then = stateOf(entries.slice(0, states[index]?.seen ?? 0))
          expect(seen(stateOf(entries, atMs))).toEqual(seen(then))
        }
      }),
    )
  })

  test('without materiality it says what was computed last; reversals and what they take back net to zero', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { entries, incremental } = ledgerOf(steps, '0')
        for (const { month, tonnes } of new Map(steps.map((step) => [step.month, step])).values()) {
          for (const [index, source] of sources.entries())
            expect(incremental.posting(month, source)?.body.tCo2).toBe(tonnes[index])
        }
        let net = decimal('0')
        const byNumber = new Map(entries.map(({ number, body }) => [number, body]))
        for (const { body } of entries) {
          const counted = body.kind === 'reversal' ? byNumber.get(body.reverses) : body
          if (counted?.kind !== 'posting' || counted.tCo2 === undefined) continue
          net = body.kind === 'reversal' ? net.minus(decimal(counted.tCo2)) : net.plus(decimal(counted.tCo2))
        }
        let held = decimal('0')
        for (const { body } of incremental.postings.values()) held = held.plus(decimal(body.tCo2 ?? '0'))
        expect(textOf(net)).toBe(textOf(held))
      }),
    )
  })

  test('months add up to years, and accounts to the park, exactly', () => {
    fc.assert(
      fc.property(fc.array(history, { minLength: 1, maxLength: 4 }), (accounts) => {
        const states = accounts.map((steps) => ledgerOf(steps, '0').incremental)
        let park = decimal('0')
        for (const state of states) {
          const statement = statementOf(state, months)
          let year = decimal('0')
          for (const { total } of statement.months) year = year.plus(decimal(total ?? '0'))
          expect(textOf(year)).toBe(statement.totals.total ?? '0')
          park = park.plus(year)
        }
        const all = states.flatMap((state) => [...state.postings.values()].map(({ body }) => body))
        expect(totalsOf(all, []).total ?? '0').toBe(textOf(park))
      }),
    )
  })

  test('with materiality no posting is further from what was computed last than it allows', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const { incremental } = ledgerOf(steps, '0.1')
        for (const { month, tonnes } of new Map(steps.map((step) => [step.month, step])).values()) {
          for (const [index, source] of sources.entries()) {
            const posted = incremental.posting(month, source)
            const [was, is] = [posted?.body.tCo2, tonnes[index]]
            if (was === undefined || is === undefined) {
              expect(was).toBe(is)
              continue
            }
            const off = decimal(is).minus(decimal(was)).abs()
            expect(off.lte(decimal(was).abs().times('0.1'))).toBe(true)
            if (!off.eq(0)) expect(incremental.differences.get(posted?.number ?? 0)?.body.tCo2).toBe(is)
          }
        }
      }),
    )
  })

  test('a million postings add up without drift', () => {
    const count = 1_000_000
    const each = ['0.1', '0.2', '0.000000001', '-0.3'].map((tCo2) => posting('2026-01', 'gas', tCo2))
    function* all(): Generator<Posting> {
      for (let index = 0; index < count; index += 1) yield* each.slice(index % 4, (index % 4) + 1)
    }
    expect(totalsOf([...all()], []).total).toBe('0.00025')
  })
})

describe('Why a posting is not what it would be', () => {
  const before = posting('2026-01', 'power', '7.041')
  const factor = (value: string): Posting['factors'][number] => ({
    code: 'grid/tianjin/average/2022',
    what: 'emission',
    value,
    unit: 'kgCO2/kWh',
    rule: 'of-the-period',
    confidence: 'secondary',
    document: 'notice',
  })
  const record = (use: 'activity' | 'factor', amount: string) => ({ record: 1, use, amount })
  const withRecords = (...records: ReturnType<typeof record>[]): Posting => ({
    ...before,
    evidence: { meters: [], records },
  })

  test('is the plan, the factor, what came late, or how it is computed', () => {
    expect(causeOf(before, { ...before, formula: 'heat' })).toBe('plan')
    expect(causeOf({ ...before, factors: [factor('0.7')] }, { ...before, factors: [factor('0.7041')] })).toBe(
      'factor',
    )
    const [one, other] = [withRecords(record('activity', '1')), withRecords(record('activity', '2'))]
    expect(causeOf(one, other)).toBe('late-data')
    // A laboratory's value that came later is data, though it stands among the factors.
    expect(
      causeOf(
        { ...before, factors: [factor('0.7')] },
        { ...withRecords(record('factor', '0.8')), factors: [factor('0.8')] },
      ),
    ).toBe('late-data')
    // The same data and the same factors come to something else.
    expect(causeOf(before, { ...before, tCo2: '7.05' })).toBe('method')
  })

  test('is said in the reversal that restates a month', () => {
    const state = new AccountState()
    for (const [index, body] of restatementOf(state, '2026-01', [before], '0').entries())
      state.take({ account: 'a', number: index + 1, recordedAtMs: 0, version: 2, body, previous: hash, hash })
    const [reversal] = restatementOf(state, '2026-01', [{ ...before, tCo2: '7.05' }], '0')
    expect(reversal).toMatchObject({ kind: 'reversal', reverses: 1, cause: 'method', by: 'tanbiao' })
  })
})
