import type { Meter } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { BalanceFlow, FlowReason } from './balance-flows.ts'
import { sumFigures, type BalanceFigure } from './balance-figure.ts'
import {
  coalCoefficient,
  type CoalAbsence,
  type CoalCoefficient,
  type CoalChoice,
  type CoalSources,
  type CoalWish,
} from './coal-coefficient.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import type { EnergyItem } from './energy-item.ts'
import { bases, type Basis } from './factor.ts'
import type { MeasuredPieces } from './measured-energy.ts'
import type { ReportPeriod } from './report-period.ts'
import { standardCoalOfItem } from './standard-coal.ts'
import { eachInSteps, type Steps } from './steps.ts'

/** A meter's flow as a part of a cell, with what is known of it. */
export interface MeterOrigin {
  readonly kind: 'meter'
  readonly meter: Meter
  readonly quantity: QuantityName
  readonly share: string
  readonly reason: FlowReason
  readonly by: string | undefined
  readonly slots: {
    readonly expected: number
    readonly known: number
    readonly missing: number
    readonly partial: number
  }
}

/** A record of the books as a part of a cell; without a number it is one that should be there. */
export interface RecordOrigin {
  readonly kind: 'record'
  readonly record: number | undefined
  readonly document: string
  /** True where the record speaks of a longer time and this is its share by days. */
  readonly apportioned: boolean
  /** What the record names another use of, taken off the use that meters measured. */
  readonly takenOff?: boolean
}

/** One of the things that a cell of the balance table is made of. */
export interface BalancePart {
  readonly account: string
  readonly item: string
  readonly row: string
  readonly origin: MeterOrigin | RecordOrigin
  readonly figure: BalanceFigure
  readonly coefficients: readonly CoalCoefficient[]
}

/** Both standard-coal coefficients of an item of an account on a day, in tce per unit of the item. */
export interface ItemCoal {
  readonly perUnit: Readonly<Record<Basis, Decimal | CoalAbsence>>
  readonly coefficients: readonly CoalCoefficient[]
}

/**
 * Asks for the coefficients of an item once a day and account, however many meters measure it; of the source whose fuel it
 * is, where one is named.
 */
export type ItemCoals = (account: string, item: string, day: string, source?: string) => ItemCoal

export function itemCoals(sources: CoalSources): ItemCoals {
  const known = new Map<string, ItemCoal>()
  const measuring = new Set(sources.heatingValues.map(({ account }) => account))
  return (account, item, day, source) => {
    // Who has no heating value of its own has the coefficients of everybody.
    const whose = measuring.has(account) ? `${account} ${source ?? ''}` : ''
    const key = `${whose} ${item} ${day}`
    const found = known.get(key) ?? itemCoal(sources, { account, item, day, source })
    known.set(key, found)
    return found
  }
}

function itemCoal(sources: CoalSources, wish: Omit<CoalWish, 'basis'>): ItemCoal {
  const item = sources.items[wish.item]
  const of = (basis: Basis): CoalChoice => coalCoefficient({ ...wish, basis }, sources)
  const choices = { calorific: of('calorific'), equal: of('equal') }
  const perUnit = (choice: CoalChoice): Decimal | CoalAbsence =>
    typeof choice === 'string' || item === undefined ? notFound(choice) : tcePerUnit(item, choice)
  return {
    perUnit: { calorific: perUnit(choices.calorific), equal: perUnit(choices.equal) },
    coefficients: Object.values(choices).filter((choice) => typeof choice !== 'string'),
  }
}

const notFound = (choice: CoalChoice): CoalAbsence => (typeof choice === 'string' ? choice : 'no-coefficient')
const tcePerUnit = (item: EnergyItem, coefficient: CoalCoefficient): Decimal =>
  standardCoalOfItem(decimal('1'), item, coefficient)

/** A known amount with its standard coal. Nothing is nothing whatever its coefficient is. */
export function figureOf(
  amount: Decimal | undefined,
  { perUnit }: ItemCoal,
  incomplete: boolean,
): BalanceFigure {
  const coal: Partial<Record<Basis, Decimal>> = {}
  const absent: Partial<Record<Basis, CoalAbsence>> = {}
  for (const basis of bases) {
    const each = perUnit[basis]
    if (amount === undefined) continue
    if (typeof each !== 'string') coal[basis] = amount.times(each)
    else if (amount.eq(0)) coal[basis] = amount
    else absent[basis] = each
  }
  return { amount, coal: { calorific: coal.calorific, equal: coal.equal }, absent, incomplete }
}

/** Pieces under one and the same coefficients: multiplied once, which is exact and a good deal quicker. */
interface Stretch {
  readonly coal: ItemCoal
  readonly amount: Decimal | undefined
  readonly incomplete: boolean
}

/** By what coefficients can be told apart, made once for each: all meters of a park ask for the same few. */
const stretchKeys = new WeakMap<ItemCoal, string>()

function stretchKey(coal: ItemCoal): string {
  const known = stretchKeys.get(coal)
  if (known !== undefined) return known
  const { perUnit, coefficients } = coal
  const key = [
    ...coefficients.map(({ code, basis }) => `${code} ${basis}`),
    ...bases.filter((basis) => typeof perUnit[basis] === 'string'),
  ].join(', ')
  stretchKeys.set(coal, key)
  return key
}

/** Flows of a step, for a few milliseconds. */
const FLOWS_AT_ONCE = 50

/** The parts that meters measured, each under the coefficients of the source that it measures, where it is one's. A meter that was not there yet in the whole period has none. */
export function* meterParts(
  flows: readonly BalanceFlow[],
  pieces: readonly ReportPeriod[],
  measured: MeasuredPieces,
  coalOf: ItemCoals,
  sourceOf: (meter: Meter, item: string) => string | undefined,
): Steps<BalancePart[]> {
  const coals = new Map<string, (ItemCoal | undefined)[]>()
  /** Coefficients of pieces as far as they were asked for, for all meters of one account, item and source. */
  function coalsOf(account: string, item: string, source: string | undefined): (ItemCoal | undefined)[] {
    const key = `${account} ${item} ${source ?? ''}`
    const found = coals.get(key) ?? []
    coals.set(key, found)
    return found
  }
  const parts = yield* eachInSteps(flows, FLOWS_AT_ONCE, (flow): BalancePart[] => {
    const { account, item, row, meter, quantity, share, perUnit, reason, by } = flow
    const factor = share.times(perUnit)
    const isOne = factor.eq(1)
    const source = sourceOf(meter, item)
    const coalsHere = coalsOf(account, item, source)
    const slots = { expected: 0, known: 0, missing: 0, partial: 0 }
    const stretches = new Map<string, Stretch>()
    for (const [index, energy] of measured(meter, quantity).entries()) {
      const piece = pieces[index]
      if (piece === undefined || energy.expected === 0) continue
      slots.expected += energy.expected
      slots.known += energy.sum.known
      slots.missing += energy.missing
      slots.partial += energy.sum.partial
      const coal = coalsHere[index] ?? coalOf(account, item, piece.from, source)
      coalsHere[index] = coal
      const key = stretchKey(coal)
      const before = stretches.get(key)
      const amount = energy.energy
      stretches.set(key, {
        coal,
        amount:
          before?.amount === undefined
            ? amount
            : amount === undefined
              ? before.amount
              : before.amount.plus(amount),
        incomplete: (before?.incomplete ?? false) || energy.missing + energy.sum.partial > 0,
      })
    }
    const figures = [...stretches.values()].map(({ coal, amount, incomplete }) =>
      figureOf(isOne ? amount : amount?.times(factor), coal, incomplete),
    )
    if (figures.length === 0) return []
    const origin: MeterOrigin = { kind: 'meter', meter, quantity, share: textOf(share), reason, by, slots }
    const figure = sumFigures(figures)
    const coefficients = [...stretches.values()].flatMap(({ coal }) => coal.coefficients)
    return [{ account, item, row, origin, figure, coefficients }]
  })
  return parts.flat()
}
