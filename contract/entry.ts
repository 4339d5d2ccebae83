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

export const scopes = ['1', '2', '3', 'biomass'] as const
export type Scope = (typeof scopes)[number]

/** Slots of a stretch with one and the same revision number; a month without corrections is one run. */
const revisionRun = z.tuple([epochMs, z.int().min(1), z.int().min(1)]).meta({
  description: 'First slot (UTC ms), number of slots, revision; slots never computed are in none',
})

/** Energy of one meter that takes part in a posting, with the very interval revisions that it is the sum of. */
export const meterEvidence = z.strictObject({
  meter: identifier,
  quantity: quantityName,
  unit: z.string().min(1),
  /** Signed share with which it takes part: "1", "-1", "0.35". */
  share: decimalText,
  /** Sum of the known slots in the quantity's canonical unit, before the share; absent where no slot is known. */
  energy: decimalText.optional(),
  fromMs: epochMs,
  toMs: epochMs,
  slots: z.strictObject({ expected: z.int(), known: z.int(), missing: z.int(), undecided: z.int() }),
  /** Energy of the known slots by method. */
  byMethod: z.partialRecord(z.enum(intervalMethods), decimalText),
  runs: z.array(revisionRun),
  /** SHA-256 over these revisions as the books keep them, slot by slot. */
  digest,
  accuracy: z.strictObject({ percent: decimalText, assumed: z.boolean() }),
})

/** A record of the books (bill, production, laboratory value) that takes part. */
export const recordEvidence = z.strictObject({
  record: z.int().min(1),
  /** activity: adds to the amount. stock: begin or end of it. contract: covers electricity. factor: in the place of one. */
  use: z.enum(['activity', 'stock', 'contract', 'factor']),
  /** With its sign, in the unit of the activity or of the factor: what of the record lies in the month. */
  amount: decimalText,
  /** Days of the record in the month, and all of its days, where it was shared among months. */
  part: z.tuple([z.int().min(1), z.int().min(1)]).optional(),
})

/** A factor as it was used: its row can be found by `code`, and its value is here whatever becomes of the row. */
export const factorUse = z.strictObject({
  code: z.string().min(1),
  what: z.enum(['emission', 'residual', 'ncv', 'carbon', 'oxidation', 'enthalpy']),
  value: decimalText,
  unit: z.string().min(1),
  /** of-the-period, latest-published, vintage, measured, supplier, set … */
  rule: z.string().min(1),
  confidence: z.enum(['verified', 'secondary', 'unverified', 'conflict', 'own']),
  document: z.string().min(1),
})

export const formulas = ['fuel-combustion', 'electricity', 'heat', 'steam', 'activity'] as const

export const posting = z.strictObject({
  kind: z.literal('posting'),
  month: accountMonth,
  source: identifier,
  sourceKind: z.enum(sourceKinds),
  scope: z.enum(scopes),
  /** Amount × factors = result; absent where nothing of the month is known: then there is no result either. */
  activity: z.strictObject({ amount: decimalText, unit: z.string().min(1) }).optional(),
  /** The formula by name; accounts/emissions.ts documents and computes it. */
  formula: z.enum(formulas),
  factors: z.array(factorUse).readonly(),
  /** kWh covered by certificates and direct supply, which count as nothing by market. */
  covered: decimalText.optional(),
  /** tCO2: by location (average factor), and by market (certificates, direct supply, residual factor). */
  tCo2: decimalText.optional(),
  tCo2MarketBased: decimalText.optional(),
  /** Why there is no result, where that is not for want of data: a record or a meter that cannot be counted here. */
  unavailable: z.string().min(1).max(1_000).optional(),
  /** Slots known of those expected; absent where no meter takes part. */
  completeness: decimalText.optional(),
  /** Shares of the amount by how it is known, without signs; "recorded": by records of the books. */
  methods: z.partialRecord(z.enum([...intervalMethods, 'recorded']), decimalText),
  /**
   * Half-width of the 95 % interval (k = 2) as a share of the result; of the activity alone where the factor's is not
   * known. `assumed`: an accuracy of accounts/uncertainty.yaml took part. Of what is known, where
   * `completeness` is below 1. Absent where it cannot be said.
   */
  uncertainty: z
    .strictObject({
      share: decimalText,
      covers: z.enum(['activity', 'activity and factor']),
      assumed: z.boolean(),
    })
    .optional(),
  evidence: z.strictObject({ meters: z.array(meterEvidence), records: z.array(recordEvidence) }),
})

/**
 * Tonnes that a person may enter: what no account has is a slip, and sums of very long numbers could not be shown any
 * more. Entries of before are read whatever they say.
 */
export const adjustedTonnes = decimalText.regex(
  /^-?\d{1,12}(?:\.\d{1,9})?$/,
  'at most twelve digits before the point and nine behind it',
)

const reason = z.string().min(1).max(500)
const by = z.string().min(1).max(100)
const document = z.string().min(1).max(500)

/**
 * Why a posting is not what it would be today: data that came later, another factor, another accounting plan, or another
 * arithmetic over the same data and factors.
 */
export const changeCauses = ['late-data', 'factor', 'plan', 'method'] as const

/** Closes and locks a month: totals, and a signature over them and the hash of the chain so far. */
export const closing = z.strictObject({
  kind: z.literal('closing'),
  month: accountMonth,
  total: decimalText.optional(),
  byScope: z.partialRecord(z.enum(scopes), decimalText),
  entries: z.int().min(0).meta({ description: 'Entries of the account before this one' }),
  incomplete: z.array(identifier).meta({ description: 'Sources with missing slots or without a result' }),
  by,
  key: digest.meta({ description: 'SHA-256 of the public key (DER)' }),
  signature: z.base64().length(88).meta({ description: 'Ed25519' }),
})

export const entryBody = z.discriminatedUnion('kind', [
  posting,
  /** Takes back an earlier entry whole, because late data or another factor changes it. */
  z.strictObject({
    kind: z.literal('reversal'),
    month: accountMonth.optional(),
    reverses: z.int().min(1),
    cause: z.enum([...changeCauses, 'correction']),
    reason,
    by,
  }),
  /**
   * A posting would be another one today, and stays: the difference is immaterial, its month is closed, or another
   * account's closing holds the intervals that both rest on.
   */
  z.strictObject({
    kind: z.literal('difference'),
    month: accountMonth,
    posting: z.int().min(1),
    cause: z.enum(changeCauses),
    because: z.enum(['immaterial', 'closed', 'locked']),
    tCo2: decimalText.optional().meta({ description: 'What it would be' }),
    tCo2MarketBased: decimalText.optional(),
  }),
  /** A person's change that no meter and no factor gives, in tCO2 with its sign. */
  z.strictObject({
    kind: z.literal('adjustment'),
    month: accountMonth,
    scope: z.enum(scopes),
    tCo2: decimalText,
    reason,
    by,
    document,
  }),
  /** Quota or allowance of a year, certificates and offsets: positions of their own, never netted with emissions. */
  z.strictObject({
    kind: z.enum(['allowance', 'offset', 'certificate']),
    year: z.int().min(2000).max(2100),
    amount: decimalText,
    unit: z.enum(['tCO2', 'kWh']),
    reference: z.string().min(1).max(200),
    document,
    by,
  }),
  closing,
  z.strictObject({ kind: z.literal('reopening'), month: accountMonth, reason, by }),
  /**
   * The clock says an earlier time than it did when an entry before was added: it was ahead then, or is behind now. What was
   * added between the two times may bear the later one: of statements "as known on" days between them nothing is certain.
   */
  z.strictObject({
    kind: z.literal('clock'),
    wallMs: epochMs.meta({
      description: 'What the clock says; the entry’s own time is that of the one before',
    }),
  }),
])

export const ledgerEntry = z.strictObject({
  account: identifier,
  /** 1, 2, 3 … without holes within the account. */
  number: z.int().min(1),
  recordedAtMs: epochMs,
  version: z.literal([1, 2]).meta({
    description: 'How the body is hashed: 1 whole; 2 a posting’s factors and evidence by their SHA-256',
  }),
  body: entryBody,
  /** Hash of entry number − 1; 64 zeros for the first. */
  previous: digest,
  /** SHA-256 of `hashedText` of all of the above (contract/kept-entry.ts). */
  hash: digest,
})

export type MeterEvidence = z.output<typeof meterEvidence>
export type RecordEvidence = z.output<typeof recordEvidence>
export type FactorUse = z.output<typeof factorUse>
export type Posting = z.output<typeof posting>
export type EntryBody = z.output<typeof entryBody>
export type LedgerEntry = z.output<typeof ledgerEntry>
export type ChangeCause = (typeof changeCauses)[number]

/** Hash before the first entry of an account. */
export const NO_HASH = '0'.repeat(64)
