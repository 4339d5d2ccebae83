import type { RecordEvidence } from '#contract/entry.ts'
import type { AccountMonth } from './account-month.ts'
import { decimal, textOf, type Decimal } from './decimal.ts'
import { partOf, type LiveRecord } from './recorded-activity.ts'

/**
 * True for records whose electricity may cover consumption of a month: direct supply, and certificates that are cancelled
 * and of a vintage that still holds. One that is not cancelled can still be sold: it covers nothing.
 */
export function isCover(
  record: LiveRecord['record'],
  month: AccountMonth,
  vintageYears: number,
): record is Cover {
  return (
    record.kind === 'direct-renewable' ||
    (record.kind === 'green-certificate' &&
      record.cancelledOn !== undefined &&
      isOfVintage(record.vintage, month, vintageYears))
  )
}
type Cover = Extract<LiveRecord['record'], { kind: 'direct-renewable' | 'green-certificate' }>

/** True for a certificate made in the month's year, or so many years before, and not after the month. */
function isOfVintage(vintage: string, { name, year }: AccountMonth, years: number): boolean {
  const of = Number(vintage.slice(0, 4))
  return year - years <= of && (vintage.length === 4 ? of <= year : vintage <= name)
}

/** Electricity of an account that certificates and direct supply cover in a month, handed out source by source. */
export class Coverage {
  #left: { readonly evidence: RecordEvidence; kwh: Decimal }[]
  /** What is bought and sold on: it is not the account's to cover. */
  #sold: Decimal

  constructor(records: readonly LiveRecord[], month: AccountMonth, vintageYears: number, sold: Decimal) {
    this.#sold = sold
    this.#left = records.flatMap((each) => {
      const { record } = each
      const evidence = isCover(record, month, vintageYears)
        ? partOf(each, month, decimal(record.kwh), 'contract')
        : undefined
      return evidence === undefined ? [] : [{ evidence, kwh: decimal(evidence.amount) }]
    })
  }

  /** Covers so much electricity as there is left to cover it with. */
  take(wanted: Decimal): RecordEvidence[] {
    const taken: RecordEvidence[] = []
    const passedOn = this.#sold.lt(wanted) ? this.#sold : wanted
    this.#sold = this.#sold.minus(passedOn)
    let open = wanted.minus(passedOn)
    for (const each of this.#left) {
      if (open.lte(0)) break
      if (each.kwh.lte(0)) continue
      const kwh = each.kwh.lt(open) ? each.kwh : open
      each.kwh = each.kwh.minus(kwh)
      open = open.minus(kwh)
      taken.push({ ...each.evidence, amount: textOf(kwh) })
    }
    return taken
  }
}
