import type { Posting } from '#contract/entry.ts'
import { writtenUnit } from './numbers.ts'

/** What water brings along before it is steam, kJ/kg: as accounts/emissions.ts subtracts it. */
const WATER_ENTHALPY = '83.74'

/**
 * The factors of a posting as its formula multiplies them. The residual factor is of the market-based total, which is
 * another product: beside the others it would make a sum that does not come out.
 */
export function factorsText({ formula, factors }: Pick<Posting, 'formula' | 'factors'>): string {
  const product = factors
    .filter(({ what }) => what !== 'residual')
    .map(({ what, value, unit }) => {
      const figure = what === 'enthalpy' ? `(${value} − ${WATER_ENTHALPY})` : value
      return unit === '1' ? ` × ${figure}` : ` × ${figure} ${writtenUnit(unit)}`
    })
    .join('')
  return formula === 'fuel-combustion' ? `${product} × 44/12` : product
}
