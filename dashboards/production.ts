import { decimal, ofPrinted, quotient, textOf } from '#accounts/decimal.ts'
import type { EnteredRecord } from '#store/port.ts'
import type { EnterpriseMonth } from './api/enterprise-shapes.ts'

/** What was produced in a month, and how much energy went into an amount of it. Pure. */

interface Days {
  /** First day, and first day no more. */
  readonly from: string
  readonly to: string
}

type Product = EnterpriseMonth['products'][number]

/**
 * Records of production that lie within the month, added up for each product; the others are named apart. Energy of an
 * enterprise is divided by its product only where there is one product: with several, nothing says how it is shared.
 */
export function productionOf(
  entered: readonly EnteredRecord[],
  { from, to }: Days,
  carriers: EnterpriseMonth['carriers'],
): Pick<EnterpriseMonth, 'products' | 'recordsBeyond'> {
  const counting = entered.filter(
    ({ replacedBy, record }) => replacedBy === undefined && record.kind === 'production',
  )
  const within = counting.filter(({ record }) => record.from >= from && record.to <= to)
  const byProduct = new Map<string, Omit<Product, 'specific'>>()
  for (const { number, record } of within) {
    if (record.kind !== 'production') continue
    const key = `${record.product} ${record.unit}`
    const before = byProduct.get(key)
    byProduct.set(key, {
      product: record.product,
      unit: record.unit,
      quantity: textOf(decimal(record.quantity).plus(decimal(before?.quantity ?? '0'))),
      records: [...(before?.records ?? []), number],
    })
  }
  const products = [...byProduct.values()].map((product): Product => {
    const quantity = decimal(product.quantity)
    const isOnly = byProduct.size === 1 && quantity.gt(0)
    const specific = isOnly
      ? carriers.flatMap(({ carrier, flow, unit, total, complete }) =>
          flow !== 'in' || total === null
            ? []
            : { carrier, unit, perUnit: textOf(quotient(ofPrinted(total), quantity)), complete },
        )
      : []
    return { ...product, specific }
  })
  return {
    products,
    recordsBeyond: counting.filter((each) => !within.includes(each)).map(({ number }) => number),
  }
}
