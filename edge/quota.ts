import { z } from 'zod'
import { GAP_METERS_MAX, type GapRecord, type Sample } from '#contract/messages.ts'
import { messageOf } from './compression.ts'
import { countOf, energyAtLines, isWorthKeeping } from './thinning.ts'
import { numberOf, type EpochStart, type JournalTables } from './tables.ts'

/** What to do when the quota is used up: let the oldest readings go, or take no new ones. */
export type WhenFull = 'drop-oldest' | 'stop'

/** Dropped at once, at most: a gap record for every reading would fill the journal with gap records. */
const DROP_BYTES_MAX = 1024 * 1024
/** … and at most this share of the quota. */
const DROP_SHARE = 1 / 64
/** Rows deleted at once, so that nothing else waits long. */
const DELETE_ROWS_MAX = 5_000

/** Rows with consecutive numbers of one epoch that were let go. */
export type Dropped = Pick<GapRecord, 'lost' | 'fromMs' | 'toMs' | 'meters' | 'readings'>

const oldRow = z.object({
  place: z.int(),
  bytes: z.int(),
  readings: z.int(),
  from_ms: z.int(),
  to_ms: z.int(),
  payload: z.instanceof(Uint8Array),
})
type OldRow = z.infer<typeof oldRow>

/** What made room: rows that went, and what is kept of them, to be written again under new numbers. */
interface Room {
  readonly dropped: Dropped[]
  readonly kept: Sample[]
}

interface OpenRun {
  readonly epoch: string
  readonly firstSeq: number
  lastSeq: number
  fromMs: number
  toMs: number
  readings: number
  readonly meters: Set<string>
}

function droppedOf(run: OpenRun): Dropped {
  const { epoch, firstSeq, lastSeq, fromMs, toMs, readings, meters } = run
  const named = meters.size > 0 && meters.size <= GAP_METERS_MAX
  return {
    lost: { epoch, firstSeq, lastSeq },
    fromMs,
    toMs,
    readings,
    ...(named ? { meters: [...meters].toSorted() } : {}),
  }
}

/** Deletes rows, given in order of place, and says what they held: one entry for each run of numbers. */
function drop(
  tables: JournalTables,
  epochs: readonly EpochStart[],
  rows: readonly OldRow[],
  keeps: 'energy' | 'nothing',
): Room {
  const remove = tables.database.prepare('DELETE FROM batch WHERE place = ?')
  const looked = rows.map(({ payload }) => {
    const message = messageOf(payload)
    const samples = message?.kind === 'readings' ? message.samples : []
    return {
      meters: samples.map(({ meter }) => meter),
      stays: keeps === 'energy' ? energyAtLines(samples) : [],
    }
  })
  const all = rows.reduce((sum, { readings }) => sum + readings, 0)
  const atLines = looked.flatMap(({ stays }) => stays)
  const kept = isWorthKeeping(atLines, all) ? atLines : []
  const runs: OpenRun[] = []
  for (const [index, row] of rows.entries()) {
    remove.run(row.place)
    const { epoch, seq } = numberOf(epochs, row.place)
    const { meters = [], stays = [] } = looked[index] ?? {}
    const readings = row.readings - (kept.length === 0 ? 0 : countOf(stays))
    const run = runs.at(-1)
    if (run !== undefined && run.epoch === epoch && run.lastSeq === seq - 1) {
      run.lastSeq = seq
      run.fromMs = Math.min(run.fromMs, row.from_ms)
      run.toMs = Math.max(run.toMs, row.to_ms)
      run.readings += readings
      for (const meter of meters) run.meters.add(meter)
    } else {
      const { from_ms: fromMs, to_ms: toMs } = row
      runs.push({ epoch, firstSeq: seq, lastSeq: seq, fromMs, toMs, readings, meters: new Set(meters) })
    }
  }
  return { dropped: runs.map(droppedOf), kept }
}

/** The oldest rows of readings without a receipt; gap records are never dropped. */
const OLDEST = `
  SELECT place, bytes, readings, from_ms, to_ms, payload FROM batch
  WHERE acknowledged_ms IS NULL AND readings > 0`

/** As many of the oldest rows as hold so many bytes. */
function oldest(tables: JournalTables, bytes: number): OldRow[] {
  const rows: OldRow[] = []
  let sum = 0
  for (const found of tables.database.prepare(`${OLDEST} ORDER BY place`).iterate()) {
    const row = oldRow.parse(found)
    rows.push(row)
    sum += row.bytes
    if (sum >= bytes) break
  }
  return rows
}

/** Bytes that a kept sample takes at most: it is compressed with its like. */
const bytesOf = (samples: readonly Sample[]): number =>
  samples.reduce((sum, sample) => sum + JSON.stringify(sample).length, 0)

/**
 * Makes room for so many bytes within the quota: rows whose receipt has come go first, then, by the policy, the oldest
 * without; of these the registers at the lines of the grid are kept, as long as that makes room. Returns what was dropped,
 * to be declared in the same transaction, and what is to be written again in it, or 'full'.
 */
export function makeRoom(
  tables: JournalTables,
  epochs: readonly EpochStart[],
  limits: { readonly quotaBytes: number; readonly whenFull: WhenFull },
  bytes: number,
): Room | 'full' {
  const { quotaBytes, whenFull } = limits
  const room: Room = { dropped: [], kept: [] }
  let needed = bytes
  while (tables.usedBytes() + needed > quotaBytes) {
    if (deleteAcknowledged(tables) > 0) continue
    if (whenFull === 'stop') return 'full'
    const rows = oldest(tables, Math.max(bytes, Math.min(DROP_BYTES_MAX, quotaBytes * DROP_SHARE)))
    if (rows.length === 0) return room.dropped.length > 0 ? room : 'full'
    const { dropped, kept } = drop(tables, epochs, rows, 'energy')
    room.dropped.push(...dropped)
    room.kept.push(...kept)
    needed += bytesOf(kept)
  }
  return room
}

/** Drops the oldest rows without a receipt while they end before a moment, a part of them at a time. */
export function dropOlder(tables: JournalTables, epochs: readonly EpochStart[], beforeMs: number): Dropped[] {
  const rows: OldRow[] = []
  for (const found of tables.database.prepare(`${OLDEST} ORDER BY place LIMIT ?`).iterate(DELETE_ROWS_MAX)) {
    const row = oldRow.parse(found)
    if (row.to_ms >= beforeMs) break
    rows.push(row)
  }
  return drop(tables, epochs, rows, 'nothing').dropped
}

/** Deletes some of the rows whose receipt has come, whatever is left of their grace time. Returns how many. */
export function deleteAcknowledged(
  tables: JournalTables,
  receivedBeforeMs = Number.MAX_SAFE_INTEGER,
): number {
  const { changes } = tables.database
    .prepare(
      'DELETE FROM batch WHERE place IN (SELECT place FROM batch WHERE acknowledged_ms <= ? ORDER BY acknowledged_ms LIMIT ?)',
    )
    .run(receivedBeforeMs, DELETE_ROWS_MAX)
  return Number(changes)
}
