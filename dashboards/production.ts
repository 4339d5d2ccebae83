import { decimal, ofPrinted, quotient, textOf, textOrNull } from '#accounts/decimal.ts'
import type { PeriodTotal } from '#accounts/performance/specific.ts'
import type { EnteredRecord } from '#store/port.ts'
import type { EnterpriseMonth } from './api/enterprise-shapes.ts'

/** What was produced in a month, and how much energy went into an amount of it. Pure. */

interface Days {
  /** First day, and first day no more. */
  readonly from: string
  readonly to: string
}

type Product = EnterpriseMonth['products'][number]

/** A product that a meter counts, and what it comes to in the month. */
export interface CountedProduct {
  readonly product: string
  readonly meter: string
  readonly output: PeriodTotal
}

/**
 * Records of production that lie within the month, added up for each product; the others are named apart. A product that a
 * meter counts in the month is what the meter says, and its records are no more than named beside it. Energy of an
 * enterprise is divided by its product only where there is one product: with several, nothing says how it is shared.
 */
export function productionOf(
  entered: readonly EnteredRecord[],
  { from, to }: Days,
  carriers: EnterpriseMonth['carriers'],
  counted: readonly CountedProduct[] = [],
): Pick<EnterpriseMonth, 'products' | 'recordsBeyond'> {
  const counting = entered.filter(
    ({ replacedBy, record }) => replacedBy === undefined && record.kind === 'production',
  )
  const within = counting.filter(({ record }) => record.from >= from && record.to <= to)
  const byProduct = new Map<string, Omit<Product, 'specific'>>()
  const ofMeters = counted.map(({ product, meter, output }): Omit<Product, 'specific'> => ({
    product,
    unit: output.unit,
    quantity: textOrNull(output.total),
    meter,
    state: output.conflict === true ? 'conflict' : output.complete ? 'counted' : 'counted-in-part',
    records: counting.flatMap(({ number, record }) =>
      record.kind === 'production' && record.product === product ? [number] : [],
    ),
  }))
  for (const { number, record } of within) {
    if (record.kind !== 'production' || counted.some(({ product }) => product === record.product)) continue
    const key = `${record.product} ${record.unit}`
    const before = byProduct.get(key)
    byProduct.set(key, {
      product: record.product,
      unit: record.unit,
      quantity: textOf(decimal(record.quantity).plus(decimal(before?.quantity ?? '0'))),
      meter: null,
      state: 'recorded',
      records: [...(before?.records ?? []), number],
    })
  }
  const all = [...byProduct.values(), ...ofMeters]
  const products = all.map((product): Product => {
    const quantity = product.quantity === null ? undefined : decimal(product.quantity)
    // All of the energy over a part of what was made would be too much for each.
    const isWhole = product.state === 'recorded' || product.state === 'counted'
    const isOnly = all.length === 1 && isWhole && quantity?.gt(0) === true
    const specific = isOnly
      ? carriers.flatMap(({ carrier, flow, unit, total, complete }) =>
          flow !== 'in' || total === null
            ? []
            : {
                carrier,
                unit,
                perUnit: textOf(quotient(ofPrinted(total), quantity)),
                complete,
              },
        )
      : []
    return { ...product, specific }
  })
  return {
    products,
    recordsBeyond: counting
      .filter(
        (each) => !within.includes(each) && !ofMeters.some(({ records }) => records.includes(each.number)),
      )
      .map(({ number }) => number),
  }
}
