import { z } from 'zod'
import { decimalText } from './decimal-text.ts'
import { digest, epochMs, identifier } from './identity.ts'
import { intervalMethods } from './interval.ts'
import { quantityName } from './quantities.ts'

/**
 * Entries of the carbon ledger: one append-only chain per account (an enterprise, or the park for its own). Each entry
 * carries the hash of the one before it, and everything that its figures rest on, so that it can be opened and computed
 * again for ever. Numbers are decimal texts: statements are exact, and rounded where they are printed only.
 */

/** A month of the park's calendar, e.g. "2026-03": the period of all postings. */
export const accountMonth = z.string().regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'a month, e.g. "2026-03"')

/** What a source is; the statement's sections. Biomass and scope 3 are reported apart, never in the total. */
export const sourceKinds = [
  'fuel',
  'process',
  'electricity-purchased',
  'heat-purchased',
  'electricity-sold',
  'heat-sold',
  'biomass',
  'scope3',
] as const

/** Slots of a stretch with one and the same revision number; a month without corrections is one run. */
const revisionRun = z.tuple([epochMs, z.int().min(1), z.int().min(0)]).meta({
  description: 'First slot (UTC ms), number of slots, revision (0: never computed)',
})

/** Energy of one meter that takes part in a posting, with the very interval revisions that it is the sum of. */
export const meterEvidence = z.strictObject({
  meter: identifier,
  quantity: quantityName,
  /** Signed share with which it takes part: "1", "-1", "0.35". */
  share: decimalText,
  /** Sum of the known slots in the quantity's canonical unit, before the share; absent where no slot is known. */
  energy: decimalText.optional(),
  fromMs: epochMs,
  toMs: epochMs,
  slots: z.strictObject({ expected: z.int(), known: z.int(), missing: z.int(), undecided: z.int() }),
  /** Energy of the known slots by method. */
  byMethod: z.partialRecord(z.enum(intervalMethods), decimalText),
  revisions: z.array(revisionRun),
})

/** A record of the books (bill, production, laboratory value) that takes part. */
export const recordEvidence = z.strictObject({ record: z.int().min(1), amount: decimalText })

/** A factor as it was used: its row can be found by `code`, and its value is here whatever becomes of the row. */
export const factorUse = z.strictObject({
  code: z.string().min(1),
  what: z.enum(['emission', 'ncv', 'carbon', 'oxidation', 'enthalpy']),
  value: decimalText,
  unit: z.string().min(1),
  /** of-the-period, latest-published, vintage, measured, supplier … */
  rule: z.string().min(1),
  confidence: z.enum(['verified', 'secondary', 'unverified', 'conflict', 'own']),
  document: z.string().min(1),
})

export const posting = z.strictObject({
  kind: z.literal('posting'),
  month: accountMonth,
  source: identifier,
  sourceKind: z.enum(sourceKinds),
  scope: z.enum(['1', '2', '3', 'biomass']),
  /** Amount × factors = result; absent where nothing of the month is known: then there is no result either. */
  activity: z.strictObject({ amount: decimalText, unit: z.string().min(1) }).optional(),
  /** The formula by name; accounts/emissions.ts documents and computes it. */
  formula: z.string().min(1),
  factors: z.array(factorUse),
  /** tCO2: by location (average factor), and by market (certificates, direct supply) where that differs. */
  tCo2: decimalText.optional(),
  tCo2MarketBased: decimalText.optional(),
  /** Half-width of the 95 % interval as a share of the result, e.g. "0.012"; absent where it cannot be said. */
  uncertainty: decimalText.optional(),
  evidence: z.strictObject({ meters: z.array(meterEvidence), records: z.array(recordEvidence) }),
})

export const entryBody = z.discriminatedUnion('kind', [
  posting,
  /** Takes back an earlier entry whole, because late data or another factor changes it. */
  z.strictObject({
    kind: z.literal('reversal'),
    month: accountMonth,
    reverses: z.int().min(1),
    cause: z.enum(['late-data', 'factor', 'plan', 'correction']),
    reason: z.string().min(1).max(500),
    by: z.string().min(1).max(100),
  }),
  /** A person's change that no meter and no factor gives, in tCO2 with its sign. */
  z.strictObject({
    kind: z.literal('adjustment'),
    month: accountMonth,
    scope: z.enum(['1', '2', '3', 'biomass']),
    tCo2: decimalText,
    reason: z.string().min(1).max(500),
    by: z.string().min(1).max(100),
    document: z.string().min(1).max(500),
  }),
  /** Quota or allowance of a year, certificates and offsets: positions of their own, never netted with emissions. */
  z.strictObject({
    kind: z.enum(['allowance', 'offset', 'certificate']),
    year: z.int().min(2000).max(2100),
    amount: decimalText,
    unit: z.enum(['tCO2', 'kWh']),
    reference: z.string().min(1).max(200),
    document: z.string().min(1).max(500),
    by: z.string().min(1).max(100),
  }),
  /** Closes and locks a month: totals, and a signature over them and the hash of the chain so far. */
  z.strictObject({
    kind: z.literal('closing'),
    month: accountMonth,
    total: decimalText,
    byScope: z.partialRecord(z.enum(['1', '2', '3', 'biomass']), decimalText),
    entries: z.int().min(0),
    grade: z.string().min(1).max(40),
    by: z.string().min(1).max(100),
    key: z.string().min(1).optional(),
    signature: z.string().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('reopening'),
    month: accountMonth,
    reason: z.string().min(1).max(500),
    by: z.string().min(1).max(100),
  }),
])

export const ledgerEntry = z.strictObject({
  account: identifier,
  /** 1, 2, 3 … without holes within the account. */
  number: z.int().min(1),
  recordedAtMs: epochMs,
  body: entryBody,
  /** Hash of entry number − 1; 64 zeros for the first. */
  previous: digest,
  /** SHA-256 of the canonical text of all of the above. */
  hash: digest,
})
