import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { DAY_MS, HOUR_MS } from '#contract/duration.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import { dayStretches, emissionsOf } from './day-emissions.ts'

const zone = 'Asia/Shanghai'
const midnightMs = march.fromMs + 9 * DAY_MS

describe('stretches of a day', () => {
  test('end with the last slot that counts as final, and are equally long', () => {
    const stretches = dayStretches(midnightMs + 2 * HOUR_MS + SETTLE_MS, zone)
    expect(stretches).toEqual([
      { which: 'today', fromMs: midnightMs, toMs: midnightMs + 2 * HOUR_MS },
      { which: 'yesterday', fromMs: midnightMs - DAY_MS, toMs: midnightMs - DAY_MS + 2 * HOUR_MS },
      { which: 'weekBefore', fromMs: midnightMs - 7 * DAY_MS, toMs: midnightMs - 7 * DAY_MS + 2 * HOUR_MS },
    ])
    expect(dayStretches(midnightMs + 2 * HOUR_MS + SETTLE_MS - 1, zone)[0]?.toMs).toBe(
      midnightMs + 2 * HOUR_MS - SLOT_MS,
    )
  })

  test('are empty just after midnight', () => {
    expect(dayStretches(midnightMs + 60_000, zone)[0]).toMatchObject({ fromMs: midnightMs, toMs: midnightMs })
  })
})

describe('emissions of a stretch', () => {
  let posting: PostingBench
  beforeEach(() => {
    posting = new PostingBench()
  })
  afterEach(() => posting.remove())

  const of = (stretch: { fromMs: number; toMs: number }): ReturnType<typeof emissionsOf> => {
    const { books, rules } = posting
    const plan = planWith()
    const account = plan.accounts.find((each) => each.account === 'steel')
    if (account === undefined) throw new Error('no account steel')
    const commits = { commitsSince: async () => [] }
    return emissionsOf({ plan, rules, books, commits }, smallPark, account, stretch, stretch.toMs)
  }

  test('are those of its slots, by the arithmetic of the posting', async () => {
    const stretch = { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS }
    posting.fill('steel-incoming', stretch)
    await posting.post()
    const found = of(stretch)
    const posted = posting.books
      .ledger('steel', ['2026-03'])
      .flatMap(({ body }) => (body.kind === 'posting' ? [body] : []))
    expect(found.tCo2).toBe(posted[0]?.tCo2)
    expect(found.incomplete).toBe(false)
  })

  test('are not known where no slot is, and incomplete where some are missing', () => {
    const stretch = { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS }
    expect(of(stretch)).toEqual({ account: 'steel', tCo2: undefined, incomplete: true })
    posting.fill('steel-incoming', { ...stretch, toMs: march.fromMs + 2 * SLOT_MS })
    expect(of(stretch)).toMatchObject({ incomplete: true })
    expect(of({ fromMs: march.fromMs, toMs: march.fromMs })).toMatchObject({ tCo2: undefined })
  })
})
