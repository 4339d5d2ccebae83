import { randomBytes } from 'node:crypto'
import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Clock } from '#contract/clock.ts'
import { epochIdentifier, type EpochId, type GatewayId } from '#contract/identity.ts'
import type { Compression } from './compression.ts'
import { connect, createTables, Damage, isDamage, sqliteCode, verify, type Fsync } from './journal-file.ts'
import { RowWriter } from './rows.ts'
import { salvage, setAside } from './salvage.ts'
import { JournalTables, type EpochStart } from './tables.ts'
import { PLAUSIBLE_FROM_MS } from './timekeeping.ts'

/** Opens the journal's file: a new one, one that was closed or not, or what can be saved of a damaged one. */

export interface OpeningOptions {
  readonly file: string
  readonly gateway: GatewayId
  readonly clock: Pick<Clock, 'wallMs'>
  /** Makes the identity of an epoch; from the system's random bytes by default. */
  readonly makeEpoch?: () => EpochId
  readonly fsync?: Fsync
  readonly compression?: Compression
}

/** A journal's file in use. */
export interface OpenFile {
  readonly tables: JournalTables
  /**
   * Receipts are entered, and old rows deleted, without waiting for the disk: what a power cut takes back is sent and
   * acknowledged again. It is a connection of its own, so that an append can never be less than durable.
   */
  readonly marks: JournalTables
  readonly rows: RowWriter
  readonly epochs: readonly EpochStart[]
}

/** What was done about a damaged file. */
export interface DamageReport {
  readonly atMs: number
  readonly what: string
  readonly salvaged: number
  /** Where the damaged file is kept. */
  readonly aside: string
}

/** The new file while it is made of a damaged one. */
const NEXT = '.next'

/**
 * Opens the file. Where its content contradicts itself, or `suspicion` says so, a new file is made of what can be read,
 * the damaged one is set aside, and the loss is declared in the new one.
 */
export function openFile(
  options: OpeningOptions,
  suspicion?: unknown,
): { readonly open: OpenFile; readonly damage: DamageReport | undefined } {
  const { file, fsync = 'full' } = options
  finishRenaming(file)
  // What SQLite itself finds wrong, opening finds again; what only its reader sees, it does not.
  const reason =
    suspicion !== undefined && sqliteCode(suspicion) === undefined ? suspicion : damageOf(options, fsync)
  const damage = reason === undefined ? undefined : startOver(options, reason)
  const tables = new JournalTables(connect(file, fsync))
  try {
    const marks = new JournalTables(connect(file, 'normal'))
    const epochs = tables.epochs()
    return { open: { tables, marks, epochs, rows: new RowWriter(tables, epochs, options) }, damage }
  } catch (error) {
    tables.database.close()
    throw error
  }
}

/** Makes the file ready for use; returns what is damaged of it, if anything is. */
function damageOf(options: OpeningOptions, fsync: Fsync): unknown {
  const { file } = options
  if (isEmptied(file)) return new Damage('the file is empty')
  const isNew = !existsSync(file)
  let database
  try {
    database = connect(file, fsync)
    prepare(new JournalTables(database), options, isNew)
    return undefined
  } catch (error) {
    if (!isDamage(error)) throw error
    return error
  } finally {
    database?.close()
  }
}

/** Checks the file, makes its tables where it is new, and begins an epoch where the last stop was not clean. */
function prepare(tables: JournalTables, options: OpeningOptions, isNew: boolean): void {
  const { gateway, file, clock } = options
  if (isNew) {
    tables.transaction(() => {
      createTables(tables.database)
      tables.begin(gateway)
      beginEpoch(tables, options)
    })
    // From now on a file without tables is a damaged one.
    tables.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return
  }
  verify(tables.database, file, gateway)
  tables.transaction(() => {
    const { running, newest_ms } = tables.identity()
    if (running === 1) {
      beginEpoch(tables, options)
      const fromMs = Math.max(newest_ms, PLAUSIBLE_FROM_MS)
      const toMs = Math.max(fromMs, Math.floor(clock.wallMs()))
      new RowWriter(tables, tables.epochs(), options).unnumberedGap({ cause: 'stopped', fromMs, toMs })
    }
    tables.setRunning(true)
  })
}

/** Makes a new file of what can be read of a damaged one, then puts it in its place. */
function startOver(options: OpeningOptions, reason: unknown): DamageReport {
  const { file, gateway, clock } = options
  const next = `${file}${NEXT}`
  removeDatabase(next)
  const database = connect(next, 'full')
  const atMs = Math.max(0, Math.floor(clock.wallMs()))
  let salvaged: number
  try {
    const tables = new JournalTables(database)
    tables.transaction(() => {
      createTables(database)
      tables.begin(gateway)
    })
    const found = existsSync(file) ? salvage(file, gateway, tables) : undefined
    salvaged = found?.rows ?? 0
    tables.transaction(() => {
      beginEpoch(tables, options)
      const rows = new RowWriter(tables, tables.epochs(), options)
      for (const { fromMs, toMs, ...lost } of found?.lost ?? [])
        rows.gap({ cause: 'damaged', lost, fromMs, toMs })
      const fromMs = found?.knownUntilMs ?? PLAUSIBLE_FROM_MS
      rows.unnumberedGap({ cause: 'damaged', fromMs, toMs: Math.max(fromMs, atMs) })
    })
  } finally {
    database.close()
  }
  const aside = setAside(file, atMs)
  renameSync(next, file)
  const what = (reason instanceof Error ? reason.message : String(reason)).slice(0, 500)
  return { atMs, what, salvaged, aside }
}

function beginEpoch(tables: JournalTables, options: OpeningOptions): void {
  const { makeEpoch = () => randomBytes(16).toString('hex'), gateway } = options
  const started = tables.epochs().at(-1)
  // Two epochs cannot begin at one place, also when the former has no rows (any more).
  const afterPlace =
    started === undefined ? 0 : Math.max(started.afterPlace, tables.identity().last_place) + 1
  tables.raise({ lastPlace: afterPlace })
  tables.addEpoch(gateway, { afterPlace, epoch: epochIdentifier.parse(makeEpoch()) })
}

/** A file of ours is never empty, and a log never without its file. */
function isEmptied(file: string): boolean {
  return existsSync(file) ? statSync(file).size === 0 : existsSync(`${file}-wal`)
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
}

/** A start may have ended between setting the damaged file aside and putting the new one in its place. */
function finishRenaming(file: string): void {
  const next = `${file}${NEXT}`
  if (!existsSync(next)) return
  if (existsSync(file)) removeDatabase(next)
  else renameSync(next, file)
}
