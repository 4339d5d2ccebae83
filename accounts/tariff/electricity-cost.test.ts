import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { monthOf, SLOT_MS, slotsBetween } from '#contract/grid.ts'
import { decimal, textOf, type Decimal } from '../decimal.ts'
import type { SlotEnergy } from '#accounts/load/slot-energy.ts'
import { costGaps } from './cost-gaps.ts'
import type { Charge } from './charge.ts'
import { contractedDemandFile } from './contracted-demand.ts'
import { electricityCost } from './electricity-cost.ts'
import { useByPeriod } from './period-use.ts'
import { powerFactorFile, powerFactorStandards } from './power-factor.ts'
import { priceRow } from './price.ts'
import { priceClock } from './prices.ts'
import { tariffClock } from './tariff-clock.ts'
import { tariffFile } from './tariff.ts'

const read = (name: string): unknown => parse(readFileSync(new URL(name, import.meta.url), 'utf8'))
const tianjin = tariffFile.parse(read('../tariffs/tianjin.yaml'))
const powerFactors = powerFactorFile.parse(read('power-factor.yaml'))
const contractRule = contractedDemandFile.parse(read('contracted-demand.yaml'))
const msOf = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const charge = z.union([decimalText, z.array(z.enum(Object.keys(costGaps)))])

const ofMonth = {
  each: decimalText,
  slots: z
    .record(z.string(), z.union([decimalText, z.null(), z.strictObject({ partly: decimalText })]))
    .default({}),
}

const cases = z
  .array(
    z.strictObject({
      title: z.string(),
      month: z.iso.date(),
      ...ofMonth,
      transformerKva: decimalText.optional(),
      contractKw: decimalText.optional(),
      /** A second incomer. */
      other: z.strictObject(ofMonth).optional(),
      standard: z.enum(powerFactorStandards).optional(),
      reactive: z
        .strictObject({
          activeKwh: decimalText,
          forwardKvarh: decimalText,
          reverseKvarh: decimalText,
          missing: z.int(),
        })
        .optional(),
      prices: z.array(priceRow),
      expect: z.strictObject({
        lines: z.array(z.record(z.string(), z.string())),
        missing: z.int(),
        demandKw: decimalText,
        demandAt: z.string(),
        powerFactor: decimalText.optional(),
        energy: charge,
        basic: charge.optional(),
        beyondKw: decimalText.optional(),
        powerFactorCharge: charge.optional(),
        total: charge,
      }),
    }),
  )
  .parse(read('cases/cost.yaml'))

const inWords = (value: Charge | undefined): unknown =>
  value?.state === 'known' ? textOf(value.cny) : value?.why
const text = (value: Decimal | undefined): string | undefined =>
  value === undefined ? undefined : textOf(value)

function slotsOf({
  month,
  each,
  slots,
}: Pick<(typeof cases)[number], 'month' | 'each' | 'slots'>): SlotEnergy[] {
  const period = monthOf(msOf(`${month}T00:00+08:00`), 'Asia/Shanghai')
  const named = new Map(Object.entries(slots).map(([at, value]) => [msOf(at), value]))
  return [...slotsBetween(period.fromMs, period.toMs)].map((slotMs) => {
    const value = named.has(slotMs) ? named.get(slotMs) : each
    if (value === null || value === undefined) return { slotMs, energy: undefined, whole: false }
    return typeof value === 'string'
      ? { slotMs, energy: decimal(value), whole: true }
      : { slotMs, energy: decimal(value.partly), whole: false }
  })
}

/** Two incomers as one: what is missing of one is missing of both. */
const together = (one: readonly SlotEnergy[], other: readonly SlotEnergy[]): SlotEnergy[] =>
  one.map(({ slotMs, energy, whole }, index) => {
    const more = other[index]?.energy
    return {
      slotMs,
      energy: energy === undefined || more === undefined ? undefined : energy.plus(more),
      whole,
    }
  })

describe('The cost of electricity', () => {
  it.each(cases)('$title', (one) => {
    const first = slotsOf(one)
    const other = one.other === undefined ? undefined : slotsOf({ month: one.month, ...one.other })
    const cost = electricityCost({
      slots: other === undefined ? first : together(first, other),
      incomers: other === undefined ? undefined : [first, other],
      tariff: tianjin,
      prices: one.prices,
      transformerKva: one.transformerKva === undefined ? undefined : decimal(one.transformerKva),
      contractKw: one.contractKw === undefined ? undefined : decimal(one.contractKw),
      contractRule,
      powerFactorStandard: one.standard,
      reactive:
        one.reactive === undefined
          ? undefined
          : {
              activeKwh: decimal(one.reactive.activeKwh),
              forwardKvarh: decimal(one.reactive.forwardKvarh),
              reverseKvarh: decimal(one.reactive.reverseKvarh),
              missing: one.reactive.missing,
            },
      powerFactors,
    })
    const { energy, basic, beyondKw, powerFactorCharge, total, demandAt, powerFactor, ...others } = one.expect
    expect(
      cost.lines.map(({ period, kwh, cnyPerKwh, cny }) => ({
        period: period ?? 'none',
        kwh: text(kwh),
        cnyPerKwh: text(cnyPerKwh),
        cny: text(cny),
      })),
    ).toEqual(others.lines.map((line) => ({ cnyPerKwh: undefined, cny: undefined, ...line })))
    expect(cost.missing).toBe(others.missing)
    expect(text(cost.demand?.kw)).toBe(others.demandKw)
    expect(cost.demand?.slotMs).toBe(msOf(demandAt))
    expect(text(cost.powerFactor)).toBe(powerFactor)
    expect({
      energy: inWords(cost.energyCharge),
      basic: inWords(cost.basic?.charge),
      beyondKw: text(cost.basic?.contract?.beyondKw),
      powerFactorCharge: inWords(cost.powerFactorCharge),
      total: inWords(cost.total),
    }).toEqual({ energy, basic, beyondKw, powerFactorCharge, total })
  })

  it('has no adjustment without the funds in the price, nor where reactive slots are missing', () => {
    const [first] = cases
    const [price] = first?.prices ?? []
    if (first === undefined || price === undefined) expect.unreachable()
    const { fundsCnyPerKwh: _, ...unfunded } = price
    const active = { activeKwh: decimal('29760'), forwardKvarh: decimal('1'), reverseKvarh: decimal('0') }
    const month = {
      slots: slotsOf(first),
      tariff: tianjin,
      powerFactors,
      contractRule,
      powerFactorStandard: '0.9',
    } as const
    const charge = (prices: readonly (typeof unfunded)[], missing: number): unknown =>
      inWords(
        electricityCost({ ...month, prices: [...prices], reactive: { ...active, missing } })
          .powerFactorCharge,
      )
    expect(charge([unfunded], 0)).toEqual(['no-funds'])
    expect(charge([price], 1)).toEqual(['no-reactive-energy'])
  })

  test('lines add up to the slots, and months to their parts, whatever is missing', () => {
    const first = msOf('2026-06-25T00:00+08:00')
    const priceAt = priceClock(cases[1]?.prices ?? [], tianjin)
    const use = (slots: readonly SlotEnergy[]): ReturnType<typeof useByPeriod> =>
      useByPeriod(slots, tariffClock(tianjin), priceAt)
    const total = (slots: readonly SlotEnergy[], of: 'kwh' | 'cny'): string =>
      textOf(use(slots).reduce((sum, line) => sum.plus(line[of] ?? 0), decimal('0')))
    const energies = fc.array(fc.option(fc.integer({ min: 0, max: 10 ** 6 }), { freq: 9 }), {
      maxLength: 1_000,
    })
    fc.assert(
      fc.property(energies, fc.nat(), (counts, at) => {
        const slots = counts.map((count, index): SlotEnergy => ({
          slotMs: first + index * SLOT_MS,
          energy: count === null ? undefined : decimal(String(count)).times('0.001'),
          whole: true,
        }))
        const sum = slots.reduce((sum, { energy }) => sum.plus(energy ?? 0), decimal('0'))
        expect(total(slots, 'kwh')).toBe(textOf(sum))
        const lines = use(slots)
        expect(lines.reduce((n, { known, missing }) => n + known + missing, 0)).toBe(slots.length)
        const cut = slots.length === 0 ? 0 : at % slots.length
        const parts = [slots.slice(0, cut), slots.slice(cut)]
        expect(textOf(parts.reduce((sum, part) => sum.plus(total(part, 'cny')), decimal('0')))).toBe(
          total(slots, 'cny'),
        )
      }),
      { numRuns: 30 },
    )
  })
})
