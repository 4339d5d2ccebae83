import type { BalancePart } from '#accounts/balance-parts.ts'
import { decimal, type Decimal } from '#accounts/decimal.ts'

/** What the conversions of a park take in and give out, as its balance table has them. Pure. */

export interface Conversion {
  readonly account: string
  readonly id: string
  /** tce by item; an item that goes in and comes out is on one side alone, with what is over. */
  readonly inputs: ReadonlyMap<string, Decimal>
  readonly outputs: ReadonlyMap<string, Decimal>
  /** What went in and did not come out; nothing where more comes out, as from a heat pump. */
  readonly lost: Decimal
  /** What each of its meters took in. */
  readonly inputParts: readonly { readonly meter: string; readonly tce: Decimal }[]
}

const ZERO = decimal('0')

/** 'at-rest' where nothing goes in and nothing comes out; undefined where it cannot be told what it loses. */
function conversionOf(
  parts: readonly BalancePart[],
  tceOf: (part: BalancePart) => Decimal | undefined,
): Conversion | 'at-rest' | undefined {
  const [first] = parts
  const net = new Map<string, Decimal>()
  for (const part of parts) {
    const tce = tceOf(part)
    // With a part of it unknown nothing can be said of what it lost.
    if (tce === undefined) return undefined
    net.set(part.item, (net.get(part.item) ?? ZERO).plus(tce))
  }
  const side = (sign: 1 | -1): Map<string, Decimal> =>
    new Map(
      [...net].flatMap(([item, tce]) => {
        const signed = tce.times(sign)
        return signed.gt(0) ? [[item, signed] as const] : []
      }),
    )
  const [inputs, outputs] = [side(-1), side(1)]
  if (first === undefined || (inputs.size === 0 && outputs.size === 0)) return 'at-rest'
  if (inputs.size === 0 || outputs.size === 0) return undefined
  const lost = [...net.values()].reduce((sum, tce) => sum.minus(tce), ZERO)
  const inputParts = parts.flatMap((part) => {
    const tce = tceOf(part)
    return part.origin.kind === 'meter' && tce !== undefined && tce.lt(0)
      ? [{ meter: part.origin.meter.id, tce: tce.times(-1) }]
      : []
  })
  const id = first.origin.kind === 'meter' ? (first.origin.by ?? '') : ''
  return { account: first.account, id, inputs, outputs, lost: lost.gt(0) ? lost : ZERO, inputParts }
}

/** True where what a conversion makes is, through others, what it is made from: no picture from left to right holds that. */
function closesCircle({ inputs, outputs }: Conversion, before: readonly Conversion[]): boolean {
  const reached = new Set(outputs.keys())
  for (let size = -1; size !== reached.size;) {
    size = reached.size
    for (const each of before) {
      if ([...each.inputs.keys()].some((item) => reached.has(item)))
        for (const item of each.outputs.keys()) reached.add(item)
    }
  }
  return [...inputs.keys()].some((item) => reached.has(item))
}

/**
 * The conversions that can be drawn. One of which a part is not known, or that closes a circle, stays within its account:
 * what it takes in is what the account got.
 * @param tceOf tonnes of standard coal of a part; undefined where they are not known
 */
export function conversionsIn(
  parts: readonly BalancePart[],
  tceOf: (part: BalancePart) => Decimal | undefined,
): { readonly drawn: readonly Conversion[]; readonly left: number } {
  const groups = Map.groupBy(
    parts.filter(({ origin }) => origin.kind === 'meter' && origin.reason === 'conversion'),
    ({ account, origin }) => `${account} ${origin.kind === 'meter' ? origin.by : ''}`,
  )
  const drawn: Conversion[] = []
  let left = 0
  for (const group of groups.values()) {
    const conversion = conversionOf(group, tceOf)
    if (conversion === 'at-rest') continue
    if (conversion === undefined || closesCircle(conversion, drawn)) left += 1
    else drawn.push(conversion)
  }
  return { drawn, left }
}
