import type { Decimal } from '../decimal.ts'
import type { CostGap } from './cost-gaps.ts'

/** An amount of money, or why there is none. */
export type Charge =
  | { readonly state: 'known'; readonly cny: Decimal }
  | { readonly state: 'not-available'; readonly why: readonly CostGap[] }

export const unavailable = (...why: CostGap[]): Charge => ({ state: 'not-available', why })
export const known = (cny: Decimal): Charge => ({ state: 'known', cny })
