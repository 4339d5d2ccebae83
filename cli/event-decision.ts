import { Fault } from '#contract/fault.ts'
import type { GivenEvent } from '#contract/meter-entry.ts'
import { digestOf } from '#ingest/meter-entry.ts'
import { contradictionsOf } from './event-contradictions.ts'
import { eventMeant, type FieldName } from './event-meaning.ts'
import { decidedMeter, keepEntry, requireTime, type EntryDesk, type KeptEntry } from './meter-entries.ts'

/** An event that was entered, and what spoke against it. */
export interface DecidedEvent extends KeptEntry {
  /** What it contradicts all the same, one text each. */
  readonly although: readonly string[]
}

/**
 * Enters what a person decides of a meter's register. Throws `argument-invalid` for an event that would change nothing,
 * `event-contradicts` for one that contradicts what is there where nobody insists, and what the store throws.
 */
export async function decideEvent(
  desk: EntryDesk,
  given: GivenEvent,
  how: { readonly by: string; readonly reason: string; readonly anyway: boolean; readonly nameOf: FieldName },
): Promise<DecidedEvent> {
  const { by, reason: why, anyway, nameOf } = how
  const event = eventMeant(given, desk.meter, nameOf)
  requireTime(desk, nameOf('at'), Temporal.Instant.from(event.at).epochMilliseconds)
  const entry = { kind: 'event', meter: desk.meter.id, event, by, why } as const
  const others = { ...desk, entries: desk.entries.filter(({ digest }) => digest !== digestOf(entry)) }
  const although = await contradictionsOf(event, decidedMeter(others), desk.store, nameOf)
  if (although.length > 0 && !anyway)
    throw new Fault(
      'event-contradicts',
      `It contradicts what is there: ${although.join('; ')}. Nothing was entered.`,
      { place: { path: `${desk.meter.id} ${event.kind} ${event.at}` } },
    )
  return { ...(await keepEntry(desk, entry)), although }
}
