import { z } from 'zod'
import type { Refusal } from '#contract/commit.ts'
import type { FaultCode } from '#contract/fault.ts'
import { epochIdentifier, identifier, sequenceNumber } from '#contract/identity.ts'
import { gapRecord, readingsBatch, SAMPLES_PER_BATCH_MAX, type GapRecord } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { FUTURE_MS_MAX, type Reading } from '#contract/reading.ts'
import type { SampleBlock } from '#contract/sample-block.ts'
import type { Topic } from '#contract/topics.ts'
import { decompress, type Decompressed } from './decompression.ts'
import { fastSample } from './fast-sample.ts'
import { BatchScanner } from './scan-batch.ts'
import { judgeSample, type SampleRules } from './sample.ts'

/** Longest payload that is looked into, and kept whole in quarantine. */
export const PAYLOAD_BYTES_MAX = 4 * 1024 * 1024

/** Of a longer payload only the beginning is kept: enough to see who speaks what. */
const OVERSIZE_KEPT_BYTES = 64 * 1024

/** A batch is five levels deep; far deeper ones could not be written back as JSON. */
const DEPTH_MAX = 16

/** Details are for people, in a list. */
const DETAIL_CHARACTERS_MAX = 500

/**
 * Parts of one payload that are refused one by one. Beyond it they are one refusal with the whole payload: an entry for
 * each of a million nonsensical values would cost everybody what their sender has sent in some kilobytes.
 */
export const REFUSALS_PER_PAYLOAD_MAX = 100

/** A refusal and how many readings it takes out. */
interface Refused {
  readonly refusal: Refusal
  readonly readings: number
}

/** What becomes of one payload: its good readings are stored, everything else is in `refused`, nothing is left over. */
export interface Verdict {
  /** quarantined: the payload is refused as a whole, and is the only entry of `refused`. */
  readonly outcome: 'stored' | 'quarantined'
  /** Null where the payload does not say, or is not the sender's. */
  readonly epoch: string | null
  readonly seq: number | null
  readonly readings: readonly Reading[] | SampleBlock
  readonly refused: readonly Refused[]
  readonly gap: GapRecord | undefined
}

const batchEnvelope = readingsBatch.extend({
  samples: z.array(z.unknown()).min(1).max(SAMPLES_PER_BATCH_MAX),
})

const journalPosition = z.object({ gateway: identifier, epoch: epochIdentifier, seq: sequenceNumber })

const anyMessage = z.object({ kind: z.string() })

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1))
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

type Decoded = { readonly value: unknown } | { readonly error: string }

function decode(text: Uint8Array): Decoded {
  try {
    return { value: JSON.parse(utf8.decode(text)) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** What it keeps is how names were written and in which order they came: no verdict depends on it. */
const scanner = new BatchScanner()

function firstIssues(error: z.ZodError): string {
  return z.prettifyError(error).replaceAll('\n', ' ')
}

/** A refusal that keeps the payload as it was sent. */
export function wholeRefusal(payload: Uint8Array, code: Refusal['code'], what: string): Refusal {
  const oversize = payload.length > PAYLOAD_BYTES_MAX
  const kept = oversize ? payload.subarray(0, OVERSIZE_KEPT_BYTES) : payload
  const detail = what.slice(0, DETAIL_CHARACTERS_MAX)
  return { code, detail, encoding: 'base64', payload: kept.toBase64() }
}

function quarantined(
  payload: Uint8Array,
  code: FaultCode,
  what: string,
  position?: { readonly epoch: string; readonly seq: number },
): Verdict {
  const refusal = wholeRefusal(payload, code, what)
  return {
    outcome: 'quarantined',
    epoch: position?.epoch ?? null,
    seq: position?.seq ?? null,
    readings: [],
    refused: [{ refusal, readings: 1 }],
    gap: undefined,
  }
}

/**
 * Judges one payload of `up/live` or `up/backlog`: the envelope first, then each sample, then each value, so that a
 * fault takes with it nothing but itself. Pure; the same payload at the same time has the same verdict.
 *
 * @param receivedMs UTC ms at which the payload arrived
 * @param options isRatingWaived: a person has decided that values beyond the rating are true; text: that of the payload,
 *   where it is known already
 */
export function validate(
  payload: Uint8Array,
  topic: Topic,
  park: Park,
  receivedMs: number,
  {
    isRatingWaived,
    text,
  }: { readonly isRatingWaived?: boolean; readonly text?: Decompressed | undefined } = {},
): Verdict {
  if (payload.length > PAYLOAD_BYTES_MAX) {
    const what = `${payload.length} bytes, more than ${PAYLOAD_BYTES_MAX}; the first ${OVERSIZE_KEPT_BYTES} are kept`
    return quarantined(payload, 'message-invalid', what)
  }
  const plain = text ?? decompress(payload)
  if ('error' in plain) return quarantined(payload, plain.code, plain.error)
  const rules = { gateway: topic.gateway, park, latestMs: receivedMs + FUTURE_MS_MAX, isRatingWaived }
  const scanned = scanner.scan(plain.bytes, rules, plain.memory)
  if (scanned !== undefined) {
    const { epoch, seq, block } = scanned
    return { outcome: 'stored', epoch, seq, readings: block, refused: [], gap: undefined }
  }
  const decoded = decode(plain.bytes)
  plain.memory?.release()
  if ('error' in decoded) return quarantined(payload, 'message-undecodable', decoded.error)
  return validateMessage(payload, decoded.value, rules)
}

/** What a payload is judged by: it always has a sender. */
type PayloadRules = SampleRules & { readonly gateway: string }

/** By the schemas, for every message. What the quick looks take is what these would say (scan-batch.test.ts, fast-sample.test.ts). */
function validateMessage(payload: Uint8Array, message: unknown, rules: PayloadRules): Verdict {
  const { gateway, park } = rules
  if (isDeeper(message, DEPTH_MAX))
    return quarantined(payload, 'message-invalid', `nested deeper than ${DEPTH_MAX}`)

  const position = journalPosition.safeParse(message).data
  if (position !== undefined && position.gateway !== gateway) {
    const what = `published by ${gateway}, but says gateway ${position.gateway}`
    return quarantined(payload, 'gateway-mismatch', what)
  }
  // Our broker lets no such client in; with another the park file may be behind.
  if (!park.gateways.has(gateway))
    return quarantined(payload, 'gateway-unknown', `the park has no gateway ${gateway}`, position)
  const kind = anyMessage.safeParse(message).data?.kind
  if (kind === 'gap') return validateGap(payload, message, position)

  const envelope = batchEnvelope.safeParse(message)
  if (!envelope.success) return quarantined(payload, 'message-invalid', firstIssues(envelope.error), position)
  const readings: Reading[] = []
  const refused: Refused[] = []
  let parts = 0
  let readingsRefused = 0
  for (const [index, sample] of envelope.data.samples.entries()) {
    if (fastSample(sample, rules, readings)) continue
    const judged = judgeSample(sample, rules)
    for (const reading of judged.readings) readings.push(reading)
    for (const part of judged.refused) {
      parts += 1
      readingsRefused += part.readings
      if (parts > REFUSALS_PER_PAYLOAD_MAX) continue
      const { refusal } = part
      const detail = `samples[${index}]${part.place}: ${refusal.detail}`.slice(0, DETAIL_CHARACTERS_MAX)
      refused.push({ refusal: { ...refusal, detail }, readings: part.readings })
    }
  }
  const { epoch, seq } = envelope.data
  const [first] = refused
  if (parts > REFUSALS_PER_PAYLOAD_MAX && first !== undefined) {
    const what = `${readingsRefused} readings in ${parts} places are refused, the first: ${first.refusal.detail}`
    const refusal = wholeRefusal(payload, first.refusal.code, what)
    return {
      outcome: 'stored',
      epoch,
      seq,
      readings,
      refused: [{ refusal, readings: readingsRefused }],
      gap: undefined,
    }
  }
  return { outcome: 'stored', epoch, seq, readings, refused, gap: undefined }
}

function validateGap(
  payload: Uint8Array,
  message: unknown,
  position: { readonly epoch: string; readonly seq: number } | undefined,
): Verdict {
  const parsed = gapRecord.safeParse(message)
  if (!parsed.success) return quarantined(payload, 'message-invalid', firstIssues(parsed.error), position)
  const gap = parsed.data
  if (gap.lost.lastSeq < gap.lost.firstSeq || gap.toMs < gap.fromMs)
    return quarantined(payload, 'message-invalid', 'the gap ends before it begins', position)
  return { outcome: 'stored', epoch: gap.epoch, seq: gap.seq, readings: [], refused: [], gap }
}
