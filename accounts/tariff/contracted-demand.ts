import { z } from 'zod'
import { positiveDecimalText } from '#contract/decimal-text.ts'
import { decimal, type Decimal } from '../decimal.ts'
import { confidences } from '../factor.ts'

/** The shape of accounts/tariff/contracted-demand.yaml: what a contracted maximum demand costs, and what is beyond it. */
export const contractedDemandFile = z.strictObject({
  document: z.string().min(1),
  source: z.string().min(1),
  confidence: z.enum(confidences),
  note: z.string().min(1).optional(),
  freeShare: positiveDecimalText.meta({
    description: 'Up to this share of the contract nothing but the contract is charged',
  }),
  timesBeyond: positiveDecimalText.meta({ description: 'How many times what is beyond that is charged' }),
})
export type ContractedDemandRule = z.output<typeof contractedDemandFile>

/** Kilowatts that are charged for a month. */
export interface ContractedDemand {
  readonly contractKw: Decimal
  /** Of the maximum demand, what is beyond the share that the contract covers; zero where nothing is. */
  readonly beyondKw: Decimal
  /** Contract and what is beyond it, as many times as the rule says: × CNY/(kW·month) = CNY. */
  readonly chargedKw: Decimal
}

/** What is charged of a contracted demand: all of it, whatever was used, and more where more was used. */
export function contractedDemand(
  contractKw: Decimal,
  maximumKw: Decimal,
  { freeShare, timesBeyond }: ContractedDemandRule,
): ContractedDemand {
  const excess = maximumKw.minus(contractKw.times(decimal(freeShare)))
  const beyondKw = excess.gt(0) ? excess : decimal('0')
  return { contractKw, beyondKw, chargedKw: contractKw.plus(beyondKw.times(decimal(timesBeyond))) }
}
