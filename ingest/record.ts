import type { CommitRecord, Refusal } from '#contract/commit.ts'
import { samplesOf, type Receipt } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { readingsIn, SampleBlock } from '#contract/sample-block.ts'
import type { RefusedReading } from '#store/port.ts'
import { REFUSALS_PER_PAYLOAD_MAX, wholeRefusal, type Verdict } from './validate.ts'
import type { Delivery } from './waiting.ts'

/** A payload and what becomes of it. */
export interface Judged {
  readonly delivery: Delivery
  readonly verdict: Verdict
}

/** What is written and answered for one payload. */
export interface Outcome {
  readonly delivery: Delivery
  readonly record: CommitRecord
  readonly receipt: Receipt
}

/** Samples of a block, or readings: whatever has a meter and a moment. */
type Moment = Pick<Reading, 'meter' | 'atMs'>

function touchedRanges(moments: readonly Moment[]): CommitRecord['touched'] {
  const ranges = new Map<string, { meter: string; fromMs: number; toMs: number }>()
  let lastMeter: string | undefined
  let lastMs: number | undefined
  for (const { meter, atMs } of moments) {
    // Those of a sample follow one another.
    if (meter === lastMeter && atMs === lastMs) continue
    lastMeter = meter
    lastMs = atMs
    const range = ranges.get(meter)
    if (range === undefined) ranges.set(meter, { meter, fromMs: atMs, toMs: atMs })
    else {
      range.fromMs = Math.min(range.fromMs, atMs)
      range.toMs = Math.max(range.toMs, atMs)
    }
  }
  return [...ranges.values()]
}

function storeRefusal(reading: Reading, { fault }: RefusedReading): Refusal {
  return {
    code: fault.code,
    detail: fault.message,
    meter: reading.meter,
    encoding: 'json',
    payload: JSON.stringify(samplesOf([reading])[0]),
  }
}

/** Many of one payload as one that keeps it whole: a record of thousands would be more than a server takes. */
function asFew(refusals: readonly Refusal[], payload: Uint8Array): readonly Refusal[] {
  const [first] = refusals
  if (first === undefined || refusals.length <= REFUSALS_PER_PAYLOAD_MAX) return refusals
  const what = `${refusals.length} readings are refused, the first: ${first.detail}`
  return [wholeRefusal(payload, first.code, what)]
}

/**
 * The commit record and the receipt of every payload of a group, after its readings were appended in this order.
 * Pure.
 *
 * @param refusedByStore indexes count through the readings of the whole group
 */
export function outcomesOf(
  group: readonly Judged[],
  refusedByStore: readonly RefusedReading[],
  committedAtMs: number,
): Outcome[] {
  const byIndex = new Map(refusedByStore.map((refused) => [refused.index, refused]))
  let index = 0
  return group.map(({ delivery, verdict }) => {
    const refused = verdict.refused.map((each) => each.refusal)
    let readingsRefused = verdict.refused.reduce((sum, each) => sum + each.readings, 0)
    const first = index
    index += verdict.readings.length
    const all = verdict.readings
    let moments: readonly Moment[] = all instanceof SampleBlock ? all.columns.samples : all
    let stored = all.length
    if (byIndex.size > 0) {
      const refusals: Refusal[] = []
      moments = readingsIn(all).filter((reading, place) => {
        const byStore = byIndex.get(first + place)
        if (byStore === undefined) return true
        refusals.push(storeRefusal(reading, byStore))
        return false
      })
      stored = moments.length
      readingsRefused += refusals.length
      refused.push(...asFew(refusals, delivery.payload))
    }
    const { gateway } = delivery.topic
    return {
      delivery,
      record: {
        gateway,
        epoch: verdict.epoch,
        seq: verdict.seq,
        digest: delivery.digest,
        committedAtMs,
        stored,
        touched: touchedRanges(moments),
        refused,
        ...(verdict.gap === undefined ? {} : { gap: verdict.gap }),
      },
      receipt: {
        v: 1,
        gateway,
        digest: delivery.digest,
        outcome: verdict.outcome,
        refused: readingsRefused,
        committedAtMs,
      },
    }
  })
}
