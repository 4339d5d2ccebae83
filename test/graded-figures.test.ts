import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gradeAccounts, type GradedSource } from '#cli/account-grade.ts'
import { readAccountingPlan, readBalanceRows, readEnergyItems } from '#cli/accounting-files.ts'
import { gradeBalance, type GradedCell } from '#cli/balance-grade.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { figuresAgree, leftOf, type GradedFigure } from '#cli/graded-difference.ts'
import { readPostingRules } from '#cli/posting-rules.ts'
import { demoParkPath } from '#simulators/demo.test-support.ts'
import { gradeMeter, type GradedMeter, type MeterGrade } from '#simulators/grade.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { gradedPast } from './support/graded-past.ts'
import { pastPark } from './support/past.ts'

/** Carbon accounts and energy balance of the demonstration park, held against the truth. */

const past = pastPark()
const fromMs = Date.parse('2026-03-02T00:00:00+08:00')
const period = { fromMs, toMs: fromMs + 2 * 24 * 3_600_000 }
const factors = readFactorFiles()
const plan = readAccountingPlan(join(dirname(demoParkPath), 'accounting.yaml'), past.park, factors)
const postingRules = readPostingRules()

let folder: string
let meters: readonly GradedMeter[]
let books: Books

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-figures-'))
  const made = await gradedPast(past, folder, period)
  meters = made.meters
  books = openBooks(made.books)
})

afterAll(() => {
  books.close()
  rmSync(folder, { recursive: true })
})

type Change = (meter: GradedMeter) => GradedMeter
const asIs: Change = (meter) => meter
const gradesWith = (change: Change): Map<string, MeterGrade> =>
  new Map(
    meters.map((meter) => [meter.meter, gradeMeter(change(meter), { period, reasons: [], answerMs: 0 })]),
  )
const accountsWith = (change: Change): readonly GradedSource[] =>
  gradeAccounts(plan, past.park, postingRules, period, gradesWith(change)).graded
const balanceWith = (change: Change, from: Books | undefined): readonly GradedCell[] => {
  const ground = { park: past.park, plan, items: readEnergyItems(), rows: readBalanceRows(), books: from }
  return gradeBalance(ground, period, gradesWith(change)).graded
}
const withoutSome: Change = (meter) =>
  meter.meter === 'steel-incoming'
    ? { ...meter, intervals: meter.intervals.filter((_, index) => index % 50 !== 7) }
    : meter
const isOfSubstance = ({ truth, rounding }: GradedFigure): boolean => rounding.lt(truth.abs().times('0.0005'))

describe('The carbon accounts', () => {
  it('of an untouched past are the truth’s energy × the same factors, but for the steps of registers', () => {
    const graded = accountsWith(asIs)
    expect(graded.map(({ account, source }) => `${account} ${source}`)).toEqual([
      'demo-park purchased-electricity',
      'demo-park purchased-power-passed-on',
      'demo-park engine-power-passed-on',
      'demo-park station-gas',
      'steel purchased-electricity',
      'food purchased-electricity',
      'food natural-gas',
      'computing purchased-electricity',
    ])
    expect(figuresAgree(graded)).toBe(true)
    for (const each of graded) {
      expect(each.causes.size).toBe(0)
      expect(each.truth.abs().gt(1)).toBe(true)
      // Rounding explains nothing of substance.
      expect(isOfSubstance(each)).toBe(true)
    }
  })

  it('of a damaged past differ by what the meters’ grade names, and by nothing else', () => {
    const graded = accountsWith(withoutSome)
    expect(figuresAgree(graded)).toBe(true)
    const steel = graded.find(({ account }) => account === 'steel')
    expect([...(steel?.causes.keys() ?? [])]).toEqual(['lost'])
    expect(steel?.causes.get('lost')?.lt(0)).toBe(true)
    // What steel lacks is deducted from the park's own account no longer.
    const passedOn = graded.find(({ source }) => source === 'purchased-power-passed-on')
    expect(passedOn?.causes.get('lost')?.gt(0)).toBe(true)
    expect(graded.filter(({ causes }) => causes.size === 0)).toHaveLength(6)
  })

  it('with energy that has no cause are not agreed with', () => {
    const [first, ...others] = accountsWith(asIs)
    if (first === undefined) throw new RangeError('no account')
    const more = { ...first, platform: first.platform.plus('0.01').plus(first.rounding) }
    expect(figuresAgree([more, ...others])).toBe(false)
  })
})

describe('The energy balance', () => {
  it('of an untouched past, made of the books’ day sums, is the truth’s in every cell', () => {
    const graded = balanceWith(asIs, books)
    expect(new Set(graded.map(({ account }) => account))).toEqual(
      new Set(['demo-park', 'steel', 'food', 'computing']),
    )
    const rows = new Set(graded.map(({ row }) => row))
    for (const row of ['inflow', 'received-inside', 'passed-inside', 'thermal-power', 'difference'])
      expect(rows, row).toContain(row)
    expect(figuresAgree(graded)).toBe(true)
    for (const each of graded) expect(each.causes.size).toBe(0)
    const filled = graded.filter(({ row, truth }) => row !== 'difference' && truth.abs().gt(1))
    expect(filled.length).toBeGreaterThan(15)
    for (const each of filled) expect(isOfSubstance(each), `${each.account} ${each.row}`).toBe(true)
  })

  it('of a damaged past differs where the damaged meter stands, by what it lost', () => {
    const graded = balanceWith(withoutSome, undefined)
    expect(figuresAgree(graded)).toBe(true)
    const touched = graded.filter(({ causes }) => causes.size > 0)
    expect(touched.map(({ account, item, row }) => `${account} ${item} ${row}`).toSorted()).toEqual([
      'demo-park electricity difference',
      'demo-park electricity passed-inside',
      'steel electricity difference',
      'steel electricity received-inside',
      'steel electricity transport-distribution',
    ])
    for (const { row, account, causes } of touched) {
      const isLess = row !== 'difference' || account === 'steel'
      expect(causes.get('lost')?.lt(0), `${account} ${row}`).toBe(isLess)
    }
  })

  it('whose day sums say otherwise than its intervals is not agreed with', () => {
    const doubled: Pick<Books, 'sumsOver'> = {
      sumsOver: (...asked) => {
        const days = books.sumsOver(...asked)
        return asked[0] === 'food-incoming' ? [...days, ...days.slice(0, 1)] : days
      },
    }
    const ground = { park: past.park, plan, items: readEnergyItems(), rows: readBalanceRows() }
    const { graded } = gradeBalance({ ...ground, books: doubled }, period, gradesWith(asIs))
    expect(figuresAgree(graded)).toBe(false)
    const apart = graded.filter((each) => leftOf(each).abs().gt(each.rounding))
    expect(new Set(apart.map(({ account }) => account))).toEqual(new Set(['demo-park', 'food']))
  })
})
