import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { digest as digestSchema } from '#contract/identity.ts'
import { messageOf } from './compression.ts'
import { epochRow, identityRow, sealOf, sha256 } from './journal-file.ts'
import {
  extentOf,
  numberOf,
  type EpochStart,
  type Extent,
  type JournalTables,
  type StoredRow,
} from './tables.ts'
import { PLAUSIBLE_FROM_MS } from './timekeeping.ts'

/** Damaged files that are kept, the newest; each can be as large as the journal's quota. */
const ASIDE_MAX = 2
/** Places that are tried one by one behind an unreadable page. */
const PROBES_MAX = 1_000_000
/** Gap records for numbers in between; what is beyond them is declared as one. */
const RUNS_MAX = 200
const ROWS_PER_TRANSACTION = 500
/** When nothing is known of the time of a loss, it began no earlier than this. */
const EARLIEST_MS = PLAUSIBLE_FROM_MS

const batchRow = z.object({ place: z.int().min(1), digest: digestSchema, payload: z.instanceof(Uint8Array) })
const heldRow = z.object({
  boot: z.string(),
  digest: digestSchema,
  payload: z.instanceof(Uint8Array),
  readings: z.int().min(0),
  to_ms: z.int(),
  floor_ms: z.int().min(0),
})
const mirrored = identityRow.extend({ mirror: z.int() })

/** Numbers that could not be read, and the time in which they were taken, as far as it is known. */
export interface LostRun {
  readonly epoch: string
  readonly firstSeq: number
  readonly lastSeq: number
  readonly fromMs: number
  readonly toMs: number
}

/** What came of a damaged file. */
export interface Salvage {
  readonly rows: number
  readonly lost: readonly LostRun[]
  /** What was read after this may be lost without a number. */
  readonly knownUntilMs: number
}

/** Renames the damaged file and its companions, and removes older ones set aside. Returns the new name. */
export function setAside(file: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  let aside = `${file}.damaged-${stamp}`
  for (let again = 2; existsSync(aside); again += 1) aside = `${file}.damaged-${stamp}-${again}`
  for (const suffix of ['-wal', '-shm', ''])
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${aside}${suffix}`)
  const prefix = `${basename(file)}.damaged-`
  const old = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && !/-(wal|shm)$/.test(name) && name !== basename(aside))
    .map((name) => join(dirname(file), name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const each of old.slice(ASIDE_MAX - 1))
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${each}${suffix}`, { force: true })
  return aside
}

/** What `read` says, or undefined where the damage is in its way. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    // Any error means the same here: this part cannot be read. The caller declares what is missing.
    return undefined
  }
}

function openDamaged(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, defensive: false })
  // Only so does SQLite read a file that is shorter than its header says (lockBtree in btree.c).
  database.exec('PRAGMA writable_schema = ON')
  return database
}

/** Rows of `batch` that can be read, in order of place; behind an unreadable page places are tried one by one. */
function* readRows(database: DatabaseSync, lastPlace: number | undefined): Generator<StoredRow> {
  const select = 'SELECT place, digest, payload FROM batch'
  const from = tried(() => database.prepare(`${select} WHERE place > ? ORDER BY place LIMIT 1`))
  const at = tried(() => database.prepare(`${select} WHERE place = ?`))
  if (from === undefined || at === undefined) return
  const newest = tried(
    () => database.prepare('SELECT place FROM batch ORDER BY place DESC LIMIT 1').get()?.['place'],
  )
  const end = Math.max(lastPlace ?? 0, typeof newest === 'number' ? newest : 0)
  let place = 0
  for (let probes = 0; probes < PROBES_MAX;) {
    const next = tried(() => ({ row: from.get(place) }))
    if (next !== undefined && next.row === undefined && place >= end) return
    const parsed = batchRow.safeParse(next?.row)
    if (parsed.success && parsed.data.place > place) {
      yield parsed.data
      place = parsed.data.place
      continue
    }
    place += 1
    probes += 1
    if (place > end) return
    const alone = batchRow.safeParse(tried(() => at.get(place)))
    if (alone.success && alone.data.place === place) yield alone.data
  }
}

interface Known {
  readonly lastPlace: number | undefined
  readonly trimmedPlace: number
  readonly epochs: readonly EpochStart[]
}

function readKnown(database: DatabaseSync, gateway: string): Known {
  const identity = tried(() => mirrored.parse(database.prepare('SELECT * FROM identity').get()))
  const sound =
    identity !== undefined &&
    identity.mirror === -(identity.last_place + 3 * identity.trimmed_place + 7 * identity.newest_ms)
  const rows = tried(() => database.prepare('SELECT * FROM epoch ORDER BY after_place').all()) ?? []
  const epochs = rows
    .map((row) => epochRow.safeParse(row).data)
    .filter((row) => row !== undefined)
    .filter(({ after_place, epoch, seal }) => seal === sealOf(gateway, after_place, epoch))
    .map(({ after_place, epoch }) => ({ afterPlace: after_place, epoch }))
  return {
    lastPlace: sound ? identity.last_place : undefined,
    trimmedPlace: sound ? identity.trimmed_place : 0,
    epochs,
  }
}

/**
 * Takes over from a damaged file into new tables what can be read and is unchanged by its digest.
 * Rows keep place, epoch, number and bytes, and all of them wait for a receipt again: one too many costs nothing.
 * Must be called outside a transaction. Throws what the new file throws; nothing of the damaged one.
 */
export function salvage(damagedFile: string, gateway: string, into: JournalTables): Salvage {
  const damaged = tried(() => openDamaged(damagedFile))
  if (damaged === undefined) return { rows: 0, lost: [], knownUntilMs: EARLIEST_MS }
  try {
    const known = readKnown(damaged, gateway)
    const epochs = new Map(known.epochs.map((start) => [start.epoch, start.afterPlace]))
    const present: { place: number; extent: Extent }[] = []
    const take = (row: StoredRow): void => {
      const message = sha256(row.payload) === row.digest ? messageOf(row.payload) : undefined
      if (message === undefined || message.gateway !== gateway) return
      const afterPlace = epochs.getOrInsert(message.epoch, row.place - message.seq)
      if (afterPlace < 0 || row.place - afterPlace !== message.seq) return
      const extent = extentOf(message)
      into.insert(row, extent)
      present.push({ place: row.place, extent })
    }
    inChunks(into, readRows(damaged, known.lastPlace), take)
    inChunks(into, readHeld(damaged), (row) => {
      if (sha256(row.payload) !== row.digest) return
      into.database
        .prepare(
          'INSERT INTO held (boot, digest, payload, readings, to_ms, floor_ms) VALUES (?, ?, ?, ?, ?, ?)',
        )
        .run(row.boot, row.digest, row.payload, row.readings, row.to_ms, row.floor_ms)
    })
    const starts = [...epochs]
      .map(([epoch, afterPlace]) => ({ epoch, afterPlace }))
      .toSorted((a, b) => a.afterPlace - b.afterPlace)
    const newestPlace = present.at(-1)?.place ?? 0
    const lastPlace = Math.max(known.lastPlace ?? 0, newestPlace, starts.at(-1)?.afterPlace ?? 0)
    const newestMs = present.reduce((newest, { extent }) => Math.max(newest, extent.toMs), 0)
    into.transaction(() => {
      for (const start of starts) into.addEpoch(gateway, start)
      into.raise({ lastPlace, trimmedPlace: known.trimmedPlace, newestMs })
    })
    const lost = missing(present, { starts, fromPlace: known.trimmedPlace, lastPlace })
    return { rows: present.length, lost, knownUntilMs: newestMs === 0 ? EARLIEST_MS : newestMs }
  } finally {
    tried(() => damaged.close())
  }
}

function* readHeld(database: DatabaseSync): Generator<z.infer<typeof heldRow>> {
  const all = tried(() => database.prepare('SELECT id FROM held ORDER BY id').all()) ?? []
  const one = tried(() => database.prepare('SELECT * FROM held WHERE id = ?'))
  for (const { id } of all) {
    const row = heldRow.safeParse(tried(() => (id === undefined ? undefined : one?.get(id)))).data
    if (row !== undefined) yield row
  }
}

function inChunks<T>(into: JournalTables, rows: Iterable<T>, take: (row: T) => void): void {
  let chunk: T[] = []
  const write = (): void => {
    const writing = chunk
    chunk = []
    into.transaction(() => writing.forEach(take))
  }
  for (const row of rows) {
    chunk.push(row)
    if (chunk.length === ROWS_PER_TRANSACTION) write()
  }
  write()
}

/** Runs of places that are not present, by epoch and number. */
function missing(
  present: readonly { readonly place: number; readonly extent: Extent }[],
  known: {
    readonly starts: readonly EpochStart[]
    readonly fromPlace: number
    readonly lastPlace: number
  },
): LostRun[] {
  const { starts, lastPlace } = known
  const runs: LostRun[] = []
  const lose = (first: number, last: number, fromMs: number, toMs: number): void => {
    const times = { fromMs, toMs: Math.max(fromMs, toMs) }
    for (let place = first; place <= last;) {
      const at = starts.findLastIndex(({ afterPlace }) => afterPlace < place)
      const end = Math.min(last, starts[at + 1]?.afterPlace ?? last)
      if (at >= 0) {
        const { epoch, seq } = numberOf(starts, place)
        runs.push({ epoch, firstSeq: seq, lastSeq: seq + end - place, ...times })
      }
      place = end + 1
    }
  }
  let place = Math.max(known.fromPlace, starts[0]?.afterPlace ?? 0)
  let sinceMs = EARLIEST_MS
  for (const [index, row] of present.entries()) {
    if (runs.length >= RUNS_MAX && index < present.length - 1) continue
    if (row.place > place + 1) lose(place + 1, row.place - 1, sinceMs, row.extent.fromMs)
    place = Math.max(place, row.place)
    sinceMs = row.extent.toMs
  }
  lose(place + 1, lastPlace, sinceMs, sinceMs)
  return runs
}
