import { decimal, quotient, type Decimal } from '../decimal.ts'

/** How a process is shared out among the products that it makes: by a given share, else by the mass of their output. */
export type Allocation =
  | { readonly by: 'only-product' | 'output-mass'; readonly share: Decimal }
  | { readonly by: 'given-share'; readonly share: Decimal; readonly document: string }
  | { readonly by: 'not-available'; readonly why: string }

/** A product of a process, in the period. */
export interface AllocatedProduct {
  readonly id: string
  readonly unit: string
  readonly output: Decimal | undefined
  readonly given?: { readonly share: string; readonly document: string } | undefined
}

/**
 * The share of a process that belongs to one of its products. Given shares hold where every product has one and they add
 * up to one; otherwise all outputs must be known, in tonnes.
 */
export function allocate(product: string, products: readonly AllocatedProduct[]): Allocation {
  const own = products.find(({ id }) => id === product)
  if (own === undefined) return { by: 'not-available', why: `${product} is not made there` }
  if (products.length === 1) return { by: 'only-product', share: decimal('1') }
  if (products.some(({ given }) => given !== undefined)) {
    const sum = products.reduce((sum, { given }) => sum.plus(given?.share ?? 0), decimal('0'))
    if (own.given === undefined || products.some(({ given }) => given === undefined) || !sum.eq(1))
      return { by: 'not-available', why: 'given shares do not add up to one' }
    return { by: 'given-share', share: decimal(own.given.share), document: own.given.document }
  }
  if (products.some(({ unit }) => unit !== 't'))
    return { by: 'not-available', why: 'products are not all in tonnes, and no shares are given' }
  const outputs = products.map(({ output }) => output)
  if (outputs.includes(undefined) || own.output === undefined)
    return { by: 'not-available', why: 'the output of a product of the same process is not known' }
  const sum = outputs.reduce<Decimal>((sum, output) => sum.plus(output ?? 0), decimal('0'))
  return sum.gt(0)
    ? { by: 'output-mass', share: quotient(own.output, sum) }
    : { by: 'not-available', why: 'nothing was made' }
}
