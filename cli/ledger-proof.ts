import { createHash, createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto'
import { doubleClaims } from '#accounts/certificates.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { PLAN_ENTHALPY } from '#accounts/source-factors.ts'
import { ledgerFindings, type LedgerFinding, type Proof, type ProofCount } from '#accounts/ledger-verify.ts'
import type { PostingRules } from '#accounts/posting.ts'
import { signedClosingText, type Closing, type ClosingDraft } from '#contract/closing.ts'
import { Fault } from '#contract/fault.ts'
import type { Trust } from '#firmware-config/signature.ts'
import type { Books, CertificateClaim } from '#store/port.ts'
import { headFindings, type NotedHead } from './ledger-heads.ts'

/** Signing of closings, and the proof of ledgers, with keys and hashes. */

const sha256 = (text: string): string => hash('sha256', text)

/** SHA-256 of a public key's DER, as a trust file knows it. */
const keyDigest = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')

/** A closing, signed over itself and the chain before it. */
export function signedClosing(draft: ClosingDraft, key: KeyObject): Closing {
  return {
    ...draft.closing,
    key: keyDigest(createPublicKey(key)),
    signature: sign(null, Buffer.from(signedClosingText(draft)), key).toString('base64'),
  }
}

/**
 * A closing with a signature that was made elsewhere, by whichever of the trusted keys made it. Throws
 * `closing-untrusted`.
 */
export function trustedClosing(draft: ClosingDraft, signature: string, trust: Trust): Closing {
  const text = Buffer.from(signedClosingText(draft))
  const bytes = Buffer.from(signature, 'base64')
  for (const [digest, { key }] of trust)
    if (verify(null, text, key, bytes)) return { ...draft.closing, key: digest, signature }
  throw new Fault(
    'closing-untrusted',
    `The signature is none of the ${trust.size} trusted keys over ${draft.closing.month} of ${draft.account} as it is now.`,
  )
}

/** Value of a factor's part by its code, as the files have it now. */
function factorsNow(files: FactorFiles): (code: string, what: string) => string | undefined {
  const values = new Map<string, string>()
  for (const { code, ncv, carbon, oxidation } of files.fuels.rows) {
    values.set(`${code} ncv`, ncv).set(`${code} carbon`, carbon)
    if (oxidation !== undefined) values.set(`${code} oxidation`, oxidation)
  }
  for (const { set, equipment, value } of files.fuels.oxidation)
    values.set(`${set}/${equipment} oxidation`, value)
  for (const { code, value } of files.electricity.rows)
    values.set(`${code} emission`, value).set(`${code} residual`, value)
  for (const { code, value } of [...files.heat.rows, ...files.process.rows])
    values.set(`${code} emission`, value)
  return (code, what) => values.get(`${code} ${what}`)
}

/** Certificates that two accounts of the park claim, one of these among them. */
function certificateFindings(books: Books, accounts: readonly string[]): LedgerFinding[] {
  const asked = new Set(accounts)
  const whereOf = ({ in: of, number }: CertificateClaim): string => `${of} ${number}`
  return doubleClaims(books.certificates())
    .filter(({ claim, other }) => asked.has(claim.account) || asked.has(other.account))
    .map(({ claim, other }) => ({
      account: claim.account,
      entry: claim.in === 'entry' ? claim.number : 0,
      message: `certificate ${claim.certificate} of ${whereOf(claim)} is in ${whereOf(other)} of account ${other.account} too`,
    }))
}

/** Own factors of a plan, as sources use them now. */
function ownFactorsOf(plan: AccountingPlan): NonNullable<Proof['ownNow']> {
  return ({ account: id, source: of, code }) => {
    const account = plan.accounts.find((each) => each.account === id)
    const source = account?.sources.find((each) => each.id === of)
    if (source === undefined) return undefined
    if (code !== PLAN_ENTHALPY) return account?.ownFactors.find((each) => each.code === code)?.value
    const steam = 'steam' in source ? source.steam : undefined
    return steam !== undefined && 'enthalpyKjPerKg' in steam ? steam.enthalpyKjPerKg : undefined
  }
}

export interface LedgerProof {
  readonly findings: readonly LedgerFinding[]
  readonly count: ProofCount
}

/**
 * Proves the ledgers of the books, or one account's. `trust` undefined: signatures are counted and not judged. `noted`:
 * ends of chains that were seen before. Without a plan the
 * factors of its own are counted and not judged.
 */
export function proveLedgers(
  books: Books,
  files: FactorFiles,
  rules: PostingRules,
  trust: Trust | undefined,
  { nowMs, plan }: { readonly nowMs: number; readonly plan?: AccountingPlan | undefined },
  accounts: readonly string[] = books.ledgerAccounts(),
  noted: readonly NotedHead[] = [],
): LedgerProof {
  const count: ProofCount = { entries: 0, postings: 0, slots: 0, signatures: 0, ownFactors: 0 }
  const proof = {
    books,
    sha256,
    rules,
    nowMs,
    ownNow: plan === undefined ? undefined : ownFactorsOf(plan),
    factorNow: factorsNow(files),
    isSigned: (key: string, signature: string, text: string): boolean | undefined => {
      if (trust === undefined) return true
      const trusted = trust.get(key)
      return trusted === undefined
        ? undefined
        : verify(null, Buffer.from(text), trusted.key, Buffer.from(signature, 'base64'))
    },
  }
  const findings = books.damages().map((message): LedgerFinding => ({ account: '', entry: 0, message }))
  for (const account of accounts) findings.push(...ledgerFindings(account, proof, count))
  findings.push(...certificateFindings(books, accounts), ...headFindings({ books }, noted))
  return { findings, count }
}
