import type { BalanceFlow } from './balance-flows.ts'
import type { ItemCoal, ItemCoals } from './balance-parts.ts'
import type { CoalCoefficient } from './coal-coefficient.ts'
import { decimal, quotient, textOf, type Decimal } from './decimal.ts'
import type { EnergyItems } from './energy-item.ts'
import type { MeasuredPieces } from './measured-energy.ts'
import type { ReportPeriod } from './report-period.ts'

/** Heat is the only item that the plan has an equal value for and enterprises make for themselves alone. */
const HEAT = 'heat'
const GJ_TO_MJ = decimal('1000')
const TCE_TO_KGCE = decimal('1000')

interface Surroundings {
  readonly flows: readonly BalanceFlow[]
  readonly pieces: readonly ReportPeriod[]
  readonly measured: MeasuredPieces
  readonly items: EnergyItems
  readonly coalOf: ItemCoals
}

/**
 * The equal value of heat that an account makes for itself, where the plan has none of the year: by its definition (GB/T
 * 2589, 3.3) the primary energy that was spent, what went into its heat supply by what came out of it, in each piece of
 * the period. Only for accounts that get no heat from others, and only where both sides are measured without a gap.
 */
export function withOwnEqualValue({ flows, pieces, measured, items, coalOf }: Surroundings): ItemCoals {
  const known = new Map<string, ItemCoal>()
  const byAccount = Map.groupBy(flows, ({ account }) => account)

  function spentPerGj(account: string, piece: ReportPeriod, index: number): Decimal | undefined {
    const own = byAccount.get(account) ?? []
    if (own.some(({ item, row }) => item === HEAT && (row === 'inflow' || row === 'received-inside')))
      return undefined
    const supplying = heatConversions(own)
    let [spent, made] = [decimal('0'), decimal('0')]
    for (const flow of supplying) {
      const energy = measured(flow.meter, flow.quantity)[index]
      if (energy?.energy === undefined || energy.missing + energy.sum.partial > 0) return undefined
      const amount = energy.energy.times(flow.share).times(flow.perUnit)
      if (flow.item === HEAT) made = made.plus(amount)
      else {
        const { equal } = coalOf(account, flow.item, piece.from).perUnit
        if (typeof equal === 'string') return undefined
        spent = spent.minus(amount.times(equal))
      }
    }
    return made.gt(0) && spent.gt(0) ? quotient(spent, made) : undefined
  }

  return (account, item, day, source) => {
    const given = coalOf(account, item, day, source)
    if (item !== HEAT || given.perUnit.equal !== 'no-value-for-the-year') return given
    const index = pieces.findIndex(({ from }) => from === day)
    const piece = pieces[index]
    if (piece === undefined || items[item] === undefined) return given
    const key = `${account} ${day}`
    const found = known.get(key)
    if (found !== undefined) return found
    const perGj = spentPerGj(account, piece, index)
    const made = perGj === undefined ? given : ownCoal(given, perGj, `${account}/${day}`)
    known.set(key, made)
    return made
  }
}

/** Flows of the conversions that give heat and nothing else. */
function heatConversions(flows: readonly BalanceFlow[]): BalanceFlow[] {
  const conversions = Map.groupBy(
    flows.filter(({ reason }) => reason === 'conversion'),
    ({ by }) => by,
  )
  return [...conversions.values()].flatMap((group) => {
    const outputs = group.filter(({ share }) => share.gt(0))
    return outputs.length > 0 && outputs.every(({ item }) => item === HEAT) ? group : []
  })
}

function ownCoal(given: ItemCoal, perGj: Decimal, of: string): ItemCoal {
  const coefficient: CoalCoefficient = {
    code: `own/${HEAT}/equal/${of}`,
    basis: 'equal',
    edition: 'own',
    unit: 'kgce/MJ',
    value: textOf(quotient(perGj.times(TCE_TO_KGCE), GJ_TO_MJ)),
    rule: 'own-conversion',
    confidence: 'own',
    document: 'GB/T 2589, 3.3: energy that went into the own heat supply by the heat that came out of it',
  }
  return {
    perUnit: { ...given.perUnit, equal: perGj },
    coefficients: [...given.coefficients, coefficient],
  }
}
