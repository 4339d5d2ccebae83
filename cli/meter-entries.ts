import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { toDecimal } from '#contract/amount.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Period } from '#contract/grid.ts'
import type { MeterEntry, RecordedEntry } from '#contract/meter-entry.ts'
import type { Meter } from '#contract/park.ts'
import { quantityOf, type QuantityName } from '#contract/quantities.ts'
import type { RegisterReading } from '#contract/reading.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { digestOf, enterOfMeter, touchedBy, withdrawFromMeter } from '#ingest/meter-entry.ts'
import { manualCheck, type ManualCheck } from '#intervals/manual-check.ts'
import { usableSeries } from '#intervals/usable-series.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { dataOption, storeOption, text } from './options.ts'
import { serverClock, serverFolder, storeAddress } from './server-folder.ts'

/** What the verbs have in common by which a person says something of a meter. */

export const placeOptions = {
  park: text.meta({ description: 'The park file' }),
  data: dataOption,
  store: storeOption,
}

export const whoOptions = {
  by: text.meta({ description: 'Who says so' }),
  reason: text.meta({ description: 'On what ground: bill, photo, sheet of a replacement' }),
}

interface GivenPlace {
  readonly park: string
  readonly data: string
  readonly store?: string | undefined
}

/** The meter, its register, the store and the clock that a verb works with. */
export interface EntryDesk {
  readonly meter: Meter
  readonly store: ReadingStore
  readonly clock: Clock
  /** What persons said of the meter so far; nothing where there are no books yet. */
  readonly entries: readonly RecordedEntry[]
  /** The time whose readings were let go. */
  readonly standing: Period | undefined
}

/**
 * Runs some work at an open store, and closes it. Throws `not-found` for a meter that the park does not have, and
 * `file-unreadable` where there is no store: what is entered into a new one would never be heard of again.
 */
export async function atDesk<T>(
  given: GivenPlace & { meter: string },
  work: (desk: EntryDesk) => Promise<T>,
): Promise<T> {
  const meter = readParkFile(given.park).meters.get(given.meter)
  if (meter === undefined) throw new Fault('not-found', `The park has no meter "${given.meter}".`)
  const address = storeAddress(given.data, given.store)
  const file = join(serverFolder(given.data), 'books.sqlite')
  const books = existsSync(file) ? openBooks(file) : undefined
  const store = await openReadingStore(address)
  try {
    const entries = books?.meterEntries(meter.id) ?? []
    const standing = books?.standing(meter.id)
    return await work({ meter, store, clock: serverClock(given.data), entries, standing })
  } finally {
    books?.close()
    await store.close()
  }
}

/** The park's meter with what persons decided of it. */
export function decidedMeter({ meter, entries }: EntryDesk): Meter {
  const events = entries.flatMap(({ entry, isWithdrawn }) =>
    entry.kind === 'event' && !isWithdrawn ? [entry.event] : [],
  )
  return { ...meter, events: [...meter.events, ...events] }
}

/** Throws `argument-invalid` for a moment that the meter cannot have had yet. */
export function requireTime({ meter, clock }: EntryDesk, name: string, atMs: number): void {
  if (atMs > clock.wallMs()) throw new Fault('argument-invalid', `${name}: lies in the future`)
  if (atMs < meter.installedMs)
    throw new Fault('argument-invalid', `${name}: before ${meter.id} was installed`)
}

/** An entry that was stored. */
export interface KeptEntry {
  readonly digest: string
  /** Readings until then were let go: what is known of the entry's time up to there stays as it is. */
  readonly standsUntilMs: number | undefined
}

/** Stores an entry. Throws `argument-invalid` for one that was withdrawn, and what the store throws. */
export async function keepEntry(
  { meter, store, clock, entries, standing }: EntryDesk,
  entry: Exclude<MeterEntry, { kind: 'withdrawal' }>,
): Promise<KeptEntry> {
  if (entries.some((each) => each.digest === digestOf(entry) && each.isWithdrawn))
    throw new Fault(
      'argument-invalid',
      'reason: this very entry was withdrawn; say on what other ground it stands',
    )
  const touched = touchedBy(entry, meter, clock.wallMs())
  const digest = await enterOfMeter(entry, touched, store, clock)
  const stands = standing !== undefined && touched.fromMs < standing.toMs && touched.toMs >= standing.fromMs
  return { digest, standsUntilMs: stands ? standing.toMs : undefined }
}

/** Says that an entry was stored. */
export function tellEntered({ digest, standsUntilMs }: KeptEntry): void {
  console.log(`${digest.slice(0, 12)} entered; its intervals are computed again within a minute`)
  if (standsUntilMs === undefined) return
  const until = Temporal.Instant.fromEpochMilliseconds(standsUntilMs).toString()
  console.log(`but readings until ${until} were let go: what is known of that time stays as it is`)
}

/** Stores an entry and says so. */
export async function enter(
  desk: EntryDesk,
  entry: Exclude<MeterEntry, { kind: 'withdrawal' }>,
): Promise<KeptEntry> {
  const kept = await keepEntry(desk, entry)
  tellEntered(kept)
  return kept
}

/**
 * Takes an entry back: it stays in the books, and counts for nothing. Throws `not-found` where not one entry of the meter
 * begins so, and what the store throws.
 *
 * @param name the digest of the entry, or its beginning
 */
export async function takeBack(
  { meter, store, clock, entries }: EntryDesk,
  name: string,
  { by, reason: why }: { readonly by: string; readonly reason: string },
): Promise<RecordedEntry> {
  const found = entries.filter(({ digest, entry }) => digest.startsWith(name) && entry.kind !== 'withdrawal')
  const [one] = found
  const entry = one?.entry
  if (one === undefined || found.length > 1 || entry === undefined || entry.kind === 'withdrawal')
    throw new Fault('not-found', `${found.length} entries of ${meter.id} begin with ${name}.`)
  const touched = touchedBy(entry, meter, clock.wallMs())
  await withdrawFromMeter({ ...one, entry }, entries, { by, why, touched }, store, clock)
  return one
}

/** How a reading by hand stands to what was measured around it, and where nothing was, to what else was read by hand. */
export async function checkOf(
  desk: EntryDesk,
  quantity: QuantityName,
  reading: Pick<RegisterReading, 'atMs' | 'value'>,
): Promise<ManualCheck> {
  const nearest = async (step: 'before' | 'after'): Promise<RegisterReading | undefined> => {
    for (let { atMs } = reading; ;) {
      const around = { fromMs: atMs, toMs: step === 'before' ? atMs + 1 : atMs }
      const found = (await desk.store.registerSeries(desk.meter.id, quantity, around))[step]
      if (found === undefined || found.quality !== 'manual') return found
      atMs = step === 'before' ? found.atMs : found.atMs + 1
    }
  }
  const meter = decidedMeter(desk)
  const check = manualCheck(meter, quantity, reading, await nearest('before'), await nearest('after'))
  if (check.kind !== 'used') return check
  const { atMs } = reading
  const { before, after } = await usableSeries(desk.store, meter).registerSeries(meter.id, quantity, {
    fromMs: atMs,
    toMs: atMs + 1,
  })
  const sides = [
    manualCheck(meter, quantity, reading, before, undefined),
    manualCheck(meter, quantity, reading, undefined, after),
  ]
  return sides.find(({ kind }) => kind === 'contradicts') ?? check
}

export function checkText(check: ManualCheck, quantity: QuantityName): string {
  const { unit } = quantityOf(quantity)
  switch (check.kind) {
    case 'used':
      return 'used as a point of the register'
    case 'check':
      return check.difference.count === 0
        ? `agrees with what was measured: ${toDecimal(check.measured)} ${unit}`
        : `differs by ${toDecimal(check.difference)} ${unit} from what was measured: ${toDecimal(check.measured)} ${unit}; it changes no energy`
    case 'contradicts':
      break
  }
  return `contradicts the readings around it (${check.reason}); the stretch waits for a decision`
}
