import { z } from 'zod'
import type { Amount } from './amount.ts'
import { ROWS_TOGETHER_MAX } from './bundle.ts'
import { digest, epochIdentifier, epochMs, identifier, sequenceNumber } from './identity.ts'
import { isQuantityName, quantityName } from './quantities.ts'
import { badCause, readingValue, usableQuality, type Reading } from './reading.ts'

/**
 * What travels over MQTT. One source: these schemas validate at run time, give the static types and the JSON Schema.
 *
 * A batch is one row of a gateway's journal. Its payload is written once and published byte for byte the same every
 * time, so the SHA-256 of the payload identifies its content: the receipt carries it back, and the gateway lets a row
 * go only on a receipt for exactly the bytes it holds.
 *
 * A row's payload is JSON in UTF-8, plain or as one Zstandard frame; its first bytes tell which. All other messages
 * are plain JSON.
 */

/** The first bytes of a Zstandard frame (RFC 8878 §3.1.1: 0xFD2FB528, little-endian). JSON cannot begin so. */
export const ZSTANDARD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const

/** True for a payload that is compressed. */
export function isCompressed(payload: Uint8Array): boolean {
  return ZSTANDARD_MAGIC.every((byte, index) => payload[index] === byte)
}

/** Longest JSON text of a payload, plain or decompressed: far more than a full batch has. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024

const version = z.literal(1).meta({ description: 'Version of the message format' })

/** All that was read from one meter in one poll: values by quantity, and the causes of those that could not be had. */
export const sample = z.strictObject({
  meter: identifier,
  atMs: epochMs.meta({ description: 'UTC ms at which the meter’s reply arrived' }),
  quality: usableQuality.meta({ description: 'Quality of every entry of `values`' }),
  values: z.partialRecord(quantityName, readingValue).meta({
    description: 'Number in the canonical unit, or [count, resolution] of a cumulative register',
  }),
  bad: z.partialRecord(quantityName, badCause).optional(),
})
export type Sample = z.infer<typeof sample>

const journalRow = {
  v: version,
  gateway: identifier,
  epoch: epochIdentifier.meta({ description: 'Identity of the gateway’s journal' }),
  seq: sequenceNumber.meta({ description: 'Number within the epoch: 1, 2, 3 …' }),
}

/** Most samples in a batch; a gateway splits beyond it. */
export const SAMPLES_PER_BATCH_MAX = 2_000

export const readingsBatch = z.strictObject({
  ...journalRow,
  kind: z.literal('readings'),
  samples: z.array(sample).min(1).max(SAMPLES_PER_BATCH_MAX),
})
export type ReadingsBatch = z.infer<typeof readingsBatch>

/** A gap record names its meters up to this many; beyond it says nothing of them, which means any. */
export const GAP_METERS_MAX = 2_000

/** What is truly gone, said by the gateway that lost it. It is journaled and acknowledged like readings. */
export const gapRecord = z.strictObject({
  ...journalRow,
  kind: z.literal('gap'),
  cause: z.enum(['quota', 'age', 'damaged', 'stopped', 'disk']).meta({
    description:
      'quota: the journal was full. age: older than the journal may keep. damaged: the journal’s file was. stopped: the agent ended without being asked to (power cut, kill). disk: the disk refused writes for too long',
  }),
  lost: z.strictObject({ epoch: epochIdentifier, firstSeq: sequenceNumber, lastSeq: sequenceNumber }).meta({
    description: 'Numbers that the gateway does not hold any more; one that arrived before is not lost',
  }),
  fromMs: epochMs.meta({ description: 'What is lost was read from here …' }),
  toMs: epochMs.meta({ description: '… to here; bounds where the moments are not known' }),
  meters: z.array(identifier).min(1).max(GAP_METERS_MAX).optional().meta({
    description: 'Meters of which something is lost; absent where it is not known',
  }),
  readings: z.int().min(0).optional().meta({
    description: 'How many readings are lost; absent where it is not known',
  }),
})
export type GapRecord = z.infer<typeof gapRecord>

/** A row of a gateway's journal: what is published on `up/live` and `up/backlog`. */
export const uplinkMessage = z.discriminatedUnion('kind', [readingsBatch, gapRecord])
export type UplinkMessage = z.infer<typeof uplinkMessage>

/**
 * The receipt for one payload: sent only after the store has it, or quarantine has it with its reason.
 * It is matched by digest, so that even a payload that could not be decoded can be acknowledged.
 */
const committed = {
  digest: digest.meta({ description: 'SHA-256 of the payload that was committed' }),
  outcome: z.enum(['stored', 'quarantined']).meta({
    description:
      'stored: readings that were refused, if any, are in quarantine. quarantined: the whole payload is.',
  }),
  refused: z.int().min(0).meta({ description: 'Readings of it that went to quarantine' }),
}
export const receipt = z.strictObject({
  v: version,
  gateway: identifier,
  ...committed,
  committedAtMs: epochMs,
})
export type Receipt = z.infer<typeof receipt>

/** The same for rows that were published in bundles (contract/bundle.ts), and were committed together: one message. */
export const jointReceipt = z.strictObject({
  v: version,
  gateway: identifier,
  rows: z.array(z.strictObject(committed)).min(1).max(ROWS_TOGETHER_MAX),
  committedAtMs: epochMs,
})
export type JointReceipt = z.infer<typeof jointReceipt>

/** What comes on `down/receipt`. */
export const receiptMessage = z.union([receipt, jointReceipt])
export type ReceiptMessage = z.infer<typeof receiptMessage>

/** The receipts in a message. */
export function receiptsIn(message: ReceiptMessage): readonly Receipt[] {
  if (!('rows' in message)) return [message]
  const { rows, ...ofAll } = message
  return rows.map((row) => ({ ...ofAll, ...row }))
}

/** Longest text of a configuration, in characters: some 5,000 meters. */
export const CONFIGURATION_CHARACTERS_MAX = 1024 * 1024

const configurationVersion = z.int().min(1)

/**
 * Retained on `down/configuration`: the whole gateway.yaml for one gateway, signed by a person. The signature is Ed25519
 * over the UTF-8 bytes of
 *
 *     tanbiao configuration 1 ⏎ park ⏎ gateway ⏎ version ⏎ text
 *
 * (⏎ is one line feed, the version in decimal digits). The transport is not trusted: what the gateway checks is all here.
 */
export const configurationMessage = z.strictObject({
  v: version,
  park: identifier,
  gateway: identifier,
  version: configurationVersion.meta({
    description: 'Higher than any that the gateway has tried; a number is used for one text only',
  }),
  text: z
    .string()
    .min(1)
    .max(CONFIGURATION_CHARACTERS_MAX)
    .refine((text) => text.isWellFormed(), { message: 'is no text: it holds half a character' })
    .meta({ description: 'gateway.yaml' }),
  key: digest.meta({
    description: 'SHA-256 of the public key (DER, SubjectPublicKeyInfo) that it is signed with',
  }),
  signature: z.base64().length(88).meta({ description: '64 bytes, Base64' }),
})
export type ConfigurationMessage = z.infer<typeof configurationMessage>

const configurationIdentity = {
  source: z.enum(['local', 'remote']).meta({
    description: 'local: the file on the gateway. remote: `down/configuration`',
  }),
  version: configurationVersion.optional().meta({ description: 'Of a remote one' }),
  digest: digest.meta({ description: 'SHA-256 of its text, or of the payload where it holds no text' }),
}

/** By what a gateway works, and what it did not take over. */
const configurationState = z.object({
  ...configurationIdentity,
  state: z.enum(['confirmed', 'probation']).meta({
    description: 'probation: applied; the former one comes back if uplink or meters are lost with it',
  }),
  needsRestart: z.array(z.string().max(100)).min(1).optional().meta({
    description: 'Settings of it that hold from the agent’s next start on',
  }),
  failed: z
    .object({
      ...configurationIdentity,
      state: z.enum(['refused', 'rolled-back']),
      atMs: epochMs,
      error: z
        .string()
        .max(4_000)
        .meta({ description: 'What is wrong, with file, line and column where it has them' }),
    })
    .optional()
    .meta({ description: 'The newest one that was not taken over; absent after one that was' }),
})
export type ConfigurationState = z.infer<typeof configurationState>

/**
 * Retained on `up/state`: birth after connecting, state now and then, death when leaving or as the will. What it says beyond
 * this is of a newer gateway, and whoever reads it goes without.
 */
export const stateMessage = z.object({
  v: version,
  gateway: identifier,
  kind: z.enum(['birth', 'state', 'death']),
  atMs: epochMs.meta({ description: 'When it was written; for a will, when the connection was made' }),
  epoch: epochIdentifier.optional().meta({ description: 'Absent while the journal cannot be opened' }),
  reason: z.enum(['connected', 'periodic', 'stopped', 'connection-lost']),
  journal: z
    .object({
      rows: z.int().min(0),
      bytes: z.int().min(0),
      oldestMs: epochMs.optional(),
      unwritten: z.int().min(1).optional().meta({
        description: 'Readings held in memory because the disk refuses them',
      }),
      lost: z.int().min(1).optional().meta({
        description: 'Readings lost since the start because the disk refused them for too long',
      }),
      held: z.int().min(1).optional().meta({
        description: 'Readings on disk that wait for the clock to be set',
      }),
      usedBytes: z.int().min(0).optional().meta({ description: 'Space in use on disk' }),
      quotaBytes: z.int().min(1).optional().meta({ description: 'Space that it may use' }),
      problem: z.string().max(500).optional().meta({ description: 'Why nothing can be written, if so' }),
      damage: z
        .object({
          atMs: epochMs,
          what: z.string().max(500),
          salvaged: z.int().min(0).meta({ description: 'Rows that could be read and are still delivered' }),
        })
        .optional()
        .meta({ description: 'The file was found damaged since the start, and a new one was begun' }),
    })
    .optional()
    .meta({ description: 'What waits for a receipt, and how the journal is' }),
  clock: z
    .object({
      condition: z.enum(['set', 'doubtful', 'unset']).meta({
        description:
          'set: readings have its time. doubtful: it was changed, or the server’s differs; readings are uncertain. unset: impossible; readings wait on disk',
      }),
      jumps: z.int().min(0).meta({ description: 'Jumps of the system clock since the start' }),
      lastJump: z
        .object({
          atMs: epochMs.meta({ description: 'System clock after it' }),
          byMs: z.int().meta({ description: 'Forward where positive' }),
        })
        .optional(),
      aheadMs: z.int().optional().meta({
        description: 'System clock against the server’s at the newest prompt receipt, behind where negative',
      }),
    })
    .optional(),
  configuration: configurationState.optional(),
  software: z
    .object({
      version: z.string().min(1).max(40).meta({ description: 'Of the agent' }),
      runtime: z.string().min(1).max(40).meta({ description: 'Of Node, e.g. "v26.10.0"' }),
      platform: z.string().min(1).max(40).meta({ description: 'System and processor, e.g. "linux-arm64"' }),
    })
    .optional()
    .meta({ description: 'What the gateway runs; older agents do not say it' }),
  meters: z
    .array(
      z.object({
        meter: identifier,
        bus: identifier.optional().meta({ description: 'Its line, as `buses` names it' }),
        state: z.enum(['ok', 'failing', 'silent']),
        lastGoodMs: epochMs.optional(),
        cause: badCause.optional(),
        ratios: z
          .array(
            z.object({
              ratio: z.enum(['current', 'voltage']),
              inFile: z.string().meta({ description: 'Of the gateway file, by which values are multiplied' }),
              inMeter: z.number().optional().meta({ description: 'Absent where the meter holds no number' }),
            }),
          )
          .optional()
          .meta({
            description:
              'Transformer ratios set otherwise in the meter; while there are any its readings are uncertain',
          }),
        slots: z
          .object({
            wanted: z.int().min(0).meta({ description: 'Polls that were due since the agent’s start' }),
            read: z.int().min(0).meta({ description: 'Answered whole' }),
            failed: z.int().min(0).meta({ description: 'Asked, and something was not answered' }),
            missed: z.int().min(0).meta({ description: 'Skipped because the line had no time' }),
            held: z.int().min(0).meta({ description: 'Skipped because of the meter itself' }),
          })
          .optional()
          .meta({ description: 'Achieved and wanted polls' }),
      }),
    )
    .optional(),
  buses: z
    .array(
      z.object({
        bus: identifier.meta({ description: 'Of buses that share one line, the first of the gateway file' }),
        observedMs: z.int().min(0).meta({ description: 'How long the line has been counted' }),
        busyMs: z.int().min(0).meta({ description: 'Time with a request on the line' }),
        requests: z.int().min(0),
        unanswered: z.int().min(0).meta({ description: 'Requests that nothing usable came to' }),
      }),
    )
    .optional()
    .meta({ description: 'What each line has done since the agent’s start' }),
})
export type StateMessage = z.infer<typeof stateMessage>

/** What the server may ask of a gateway. Nothing here writes to a meter. */
export const command = z.strictObject({
  v: version,
  id: z.uuid(),
  gateway: identifier.meta({ description: 'Whom it is for; another gateway ignores it' }),
  kind: z.enum(['report-state', 'resend', 'time']),
  issuedAtMs: epochMs.meta({ description: 'The server’s time' }),
  stateAtMs: epochMs.optional().meta({
    description: 'time: `atMs` of the state that is answered, by which the gateway knows how old this is',
  }),
  resend: z
    .strictObject({ epoch: epochIdentifier, firstSeq: sequenceNumber, lastSeq: sequenceNumber })
    .optional()
    .meta({ description: 'Rows to send again, where the gateway still keeps them' }),
})
export type Command = z.infer<typeof command>

export const reply = z.strictObject({
  v: version,
  id: z.uuid().meta({ description: 'The command’s id' }),
  gateway: identifier,
  outcome: z.enum(['done', 'refused', 'failed']),
  detail: z.string().max(2_000),
  atMs: epochMs,
})

/** All messages by name, for the generated protocol document and JSON Schemas. */
export const messageSchemas = {
  readingsBatch,
  gapRecord,
  receipt,
  jointReceipt,
  stateMessage,
  command,
  reply,
  configurationMessage,
}

/** The readings of a sample, in the order in which they were written. */
export function readingsOf(from: Sample): Reading[] {
  const readings: Reading[] = []
  for (const [quantity, value] of Object.entries(from.values)) {
    if (!isQuantityName(quantity) || value === undefined) continue
    readings.push({
      meter: from.meter,
      quantity,
      atMs: from.atMs,
      quality: from.quality,
      value: typeof value === 'number' ? value : { count: value[0], resolution: value[1] },
    })
  }
  for (const [quantity, cause] of Object.entries(from.bad ?? {})) {
    if (!isQuantityName(quantity) || cause === undefined) continue
    readings.push({ meter: from.meter, quantity, atMs: from.atMs, quality: 'bad', cause })
  }
  return readings
}

const wireValue = (value: number | Amount): z.infer<typeof readingValue> =>
  typeof value === 'number' ? value : [value.count, value.resolution]

/** Packs readings into samples: one per meter, moment and quality. The inverse of `readingsOf`. */
export function samplesOf(readings: readonly Reading[]): Sample[] {
  const packed = new Map<string, Sample>()
  // The bad readings of a poll ride in the sample of its good ones; alone, they need one of their own.
  const usableFirst = [...readings].sort((a, b) => Number(a.quality === 'bad') - Number(b.quality === 'bad'))
  const homes = new Map<string, Sample>()
  for (const reading of usableFirst) {
    const moment = `${reading.meter} ${reading.atMs}`
    if (reading.quality === 'bad') {
      const home = homes.get(moment) ?? {
        meter: reading.meter,
        atMs: reading.atMs,
        quality: 'good',
        values: {},
      }
      if (!homes.has(moment)) {
        homes.set(moment, home)
        packed.set(moment, home)
      }
      home.bad = { ...home.bad, [reading.quantity]: reading.cause }
      continue
    }
    const key = `${moment} ${reading.quality}`
    const home = packed.get(key) ?? {
      meter: reading.meter,
      atMs: reading.atMs,
      quality: reading.quality,
      values: {},
    }
    home.values[reading.quantity] = wireValue(reading.value)
    packed.set(key, home)
    if (!homes.has(moment)) homes.set(moment, home)
  }
  return [...packed.values()]
}
