import type { Speech, TextKey } from './language.tsx'

/** Why a posting has no result, in words: a ledger keeps the reason as the server wrote it, in English and for ever. */

/** Reasons as accounts/ writes them (posting.ts, recorded-activity.ts, source-factors.ts, source-meters.ts). */
const reasons: readonly (readonly [RegExp, TextKey])[] = [
  [/^What is in (?<a>.+) cannot be an activity in (?<b>.+)\.$/, 'unavailable.activityUnit'],
  [/^(?<a>\S+): its volume is that at working conditions/, 'unavailable.workingConditions'],
  [/^(?<a>\S+): (?<b>.+) is no activity of kind (?<c>.+)\.$/, 'unavailable.meterKind'],
  [/^(?<a>\S+): (?<b>.+) does not measure (?<c>.+)\.$/, 'unavailable.meterItem'],
  [/^(?<a>\S+): more of (?<b>.+) was used elsewhere than/, 'unavailable.stockExceeded'],
  [/^Record (?<a>\d+): a factor of (?<b>.+) is in (?<c>.+), not in (?<d>.+)\.$/, 'unavailable.factorUnit'],
  [/^Record (?<a>\d+): is in (?<b>.+), and (?<c>.+) is counted in (?<d>.+)\.$/, 'unavailable.recordUnit'],
  [/^Record (?<a>\d+): is of (?<b>.+), and (?<c>.+) is counted in (?<d>.+)\.$/, 'unavailable.recordCounted'],
  [/^Record (?<a>\d+): is of (?<b>.+), and (?<c>.+) of (?<d>.+)\.$/, 'unavailable.recordItem'],
  [/^Record (?<a>\d+): (?<b>.+) is in (?<c>.+), not in (?<d>.+)\.$/, 'unavailable.itemUnit'],
  [/^The meters of (?<a>.+) measure (?<b>.+) too, and no record says/, 'unavailable.billsShared'],
  [/^(?<a>.+) and (?<b>.+) draw on the same (?:stock|bills) of (?<c>.+), and/, 'unavailable.shared'],
  [/^Record (?<a>\d+): (?<b>.+)$/, 'unavailable.record'],
]

/** A reason in the language of the page; one that no text is for stands as it was written. */
export function unavailableText(reason: string, { t }: Pick<Speech, 't'>): string {
  for (const [pattern, key] of reasons) {
    const found = pattern.exec(reason)
    if (found !== null) return t(key, found.groups ?? {})
  }
  return reason
}
