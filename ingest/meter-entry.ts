import { createHash } from 'node:crypto'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import { meterEntry, type MeterEntry, type RecordedEntry } from '#contract/meter-entry.ts'
import { eventMs, type Meter } from '#contract/park.ts'
import type { ReadingStore } from '#store/port.ts'

/** Under which name entries of persons stand among the commit records: they come from no gateway. */
export const ENTERED_BY_HAND = 'by-hand'

/** The stretch of a meter's time that an entry can change; both ends count. */
export function touchedBy(
  entry: Exclude<MeterEntry, { kind: 'withdrawal' }>,
  meter: Meter,
  nowMs: number,
): Period {
  if (entry.kind === 'reading') return { fromMs: entry.atMs, toMs: entry.atMs }
  if (entry.kind === 'energy') return { fromMs: entry.fromMs, toMs: entry.toMs - 1 }
  const atMs = eventMs(entry.event)
  // A change of ratio rules all time up to the next one, and the first one all time before it.
  if (entry.event.kind === 'ratio')
    return { fromMs: Math.min(meter.installedMs, atMs), toMs: Math.max(nowMs, atMs) }
  const until = entry.event.kind === 'ignored' ? entry.event.until : undefined
  return { fromMs: atMs, toMs: until === undefined ? atMs : Temporal.Instant.from(until).epochMilliseconds }
}

/** What an entry is known by. The same words are the same entry. */
export function digestOf(entry: MeterEntry): string {
  return createHash('sha256')
    .update(JSON.stringify(meterEntry.parse(entry)))
    .digest('hex')
}

async function storeReading(
  { meter, quantity, atMs, value }: MeterEntry & { kind: 'reading' },
  store: Pick<ReadingStore, 'append'>,
): Promise<void> {
  const { refused } = await store.append([{ meter, quantity, atMs, value, quality: 'manual' }])
  const [first] = refused
  if (first !== undefined) throw first.fault
}

/**
 * Takes an entry back. What was read of the same register at the same moment and stands is stored once more: the store
 * has one reading of a moment, the one that came last. Throws as `enterOfMeter`.
 *
 * @param entries all of the meter, oldest first
 */
export async function withdrawFromMeter(
  one: RecordedEntry & { readonly entry: Exclude<MeterEntry, { kind: 'withdrawal' }> },
  entries: readonly RecordedEntry[],
  { by, why, touched }: { readonly by: string; readonly why: string; readonly touched: Period },
  store: Pick<ReadingStore, 'append' | 'appendCommits'>,
  clock: Clock,
): Promise<void> {
  const { entry: taken } = one
  for (const { digest, entry, isWithdrawn } of entries.toReversed()) {
    if (taken.kind !== 'reading' || entry.kind !== 'reading' || isWithdrawn || digest === one.digest) continue
    if (entry.quantity !== taken.quantity || entry.atMs !== taken.atMs) continue
    await storeReading(entry, store)
    break
  }
  const withdrawal = { kind: 'withdrawal', meter: taken.meter, entry: one.digest, by, why } as const
  await enterOfMeter(withdrawal, touched, store, clock)
}

/**
 * Stores what a person says of a meter by the way that readings take: a reading into the store first, then the commit
 * record by which the owner of the books learns of it. Saying the same twice is saying it once. Returns the entry's
 * digest. Throws `request-invalid`, and what the store throws.
 */
export async function enterOfMeter(
  given: MeterEntry,
  touched: Period,
  store: Pick<ReadingStore, 'append' | 'appendCommits'>,
  clock: Clock,
): Promise<string> {
  const parsed = meterEntry.safeParse(given)
  if (!parsed.success) throw new Fault('request-invalid', parsed.error.message)
  const entry = parsed.data
  const digest = digestOf(entry)
  if (entry.kind === 'reading') await storeReading(entry, store)
  const record: CommitRecord = {
    gateway: ENTERED_BY_HAND,
    epoch: null,
    seq: null,
    digest,
    committedAtMs: clock.wallMs(),
    stored: entry.kind === 'reading' ? 1 : 0,
    touched: [{ meter: entry.meter, ...touched }],
    refused: [],
    entry,
  }
  await store.appendCommits([record])
  return digest
}
