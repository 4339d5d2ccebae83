import { z } from 'zod'
import { toDecimal } from '#contract/amount.ts'
import type { MeterEntry } from '#contract/meter-entry.ts'
import type { MeterEvent } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { atDesk, checkOf, checkText, placeOptions, type EntryDesk } from '../meter-entries.ts'
import { text } from '../options.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const options = z.object({ ...placeOptions, meter: text.meta({ description: 'The meter' }) })

const momentText = (atMs: number): string => Temporal.Instant.fromEpochMilliseconds(atMs).toString()

/** The values that a decision states. */
function detailOf(event: MeterEvent): string {
  const { unit } = quantityOf(event.quantity)
  switch (event.kind) {
    case 'replacement':
    case 'reset':
      return `: ${toDecimal(event.final)} → ${toDecimal(event.initial)} ${unit}`
    case 'ratio':
      return `: × ${event.before} → × ${event.after}`
    case 'rollover':
      return `: at ${toDecimal(event.wrapsAt)} ${unit}`
    case 'ignored':
      return event.until === undefined ? '' : ` to ${event.until}`
    case 'confirmed':
      break
  }
  return ''
}

async function whatOf(desk: EntryDesk, entry: MeterEntry): Promise<string> {
  switch (entry.kind) {
    case 'reading': {
      const { quantity, atMs, value } = entry
      const check = checkText(await checkOf(desk, quantity, { atMs, value }), quantity)
      return `${quantity} ${toDecimal(value)} ${quantityOf(quantity).unit} at ${momentText(atMs)}: ${check}`
    }
    case 'energy': {
      const { quantity, fromMs, toMs, energy } = entry
      return `${quantity} ${toDecimal(energy)} ${quantityOf(quantity).unit} from ${momentText(fromMs)} to ${momentText(toMs)}`
    }
    case 'event': {
      const { kind, at, quantity } = entry.event
      return `${kind} of ${quantity} at ${at}${detailOf(entry.event)}`
    }
    case 'withdrawal':
      break
  }
  return `withdraws ${entry.entry.slice(0, 12)}`
}

/** Everything that persons said of a meter: who, why, and how it stands to what was measured. */
export const eventList = verb('List what persons said of a meter', options, (given) =>
  atDesk(given, async (desk) => {
    const rows = [['entry', 'entered', 'by', 'kind', 'what', 'reason']]
    for (const { digest, enteredMs, entry, isWithdrawn } of desk.entries) {
      const state = isWithdrawn ? `${entry.kind} (withdrawn)` : entry.kind
      rows.push([
        digest.slice(0, 12),
        momentText(enteredMs),
        entry.by,
        state,
        await whatOf(desk, entry),
        entry.why,
      ])
    }
    for (const line of tableLines(rows)) console.log(line)
  }),
)
