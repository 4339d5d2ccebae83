import { z } from 'zod'
import { canonicalText } from './canonical-text.ts'
import { closing } from './entry.ts'
import { digest, identifier } from './identity.ts'

/** What somebody signs who closes a month: shown first, signed where the private key is, entered with the signature. */

export const unsignedClosing = closing.omit({ key: true, signature: true })
export type UnsignedClosing = z.output<typeof unsignedClosing>
export type Closing = z.output<typeof closing>

/** A month that is ready to be closed. It is out of date as soon as the chain grows. */
export const closingDraft = z.strictObject({
  account: identifier,
  previous: digest.meta({ description: 'Hash of the account’s last entry before the closing' }),
  closing: unsignedClosing,
})
export type ClosingDraft = z.output<typeof closingDraft>

/**
 * The text that is signed: the closing and the chain before it, so that nothing of the past can be changed afterwards.
 * Whoever signs makes it of what was shown, and never takes it from somebody else as it is.
 */
export function signedClosingText({ account, previous, closing: said }: ClosingDraft): string {
  return `tanbiao ledger closing 1\n${account}\n${previous}\n${canonicalText(said)}`
}

/** What the lock of a closed month says it is for. */
export const lockReason = (month: string): string => `closing of ${month}`
