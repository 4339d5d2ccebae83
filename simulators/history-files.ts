import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { zstdCompressSync } from 'node:zlib'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { slotStart, type Period } from '#contract/grid.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import type { ReadingsBatch } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'
import type { RegisterMap, TransformerRatios } from '#firmware-config/profile.ts'
import { historyMeters, historyOf, partsOf } from './history.ts'
import { makePlant } from './plant.ts'
import type { DaySums } from './day-sums.ts'
import { scenarioParts, type Scenario } from './scenario.ts'
import { truthCsv } from './truth-csv.ts'
import { truthOf } from './truth-energy.ts'

/**
 * A folder with a park's past (docs/import.md): of each week `readings-DATE.jsonl.zst`, for the import, and
 * `truth-DATE.csv`, to grade by; and `history.json`, which says of what and when it is.
 */

const manifest = z.strictObject({
  v: z.literal(1),
  /** SHA-256 of all that the files depend on. */
  identity: z.string(),
  park: identifier,
  fromMs: epochMs,
  toMs: epochMs,
})
export type HistoryManifest = z.infer<typeof manifest>

const MANIFEST = 'history.json'

export interface HistoryOptions {
  readonly scenario: Scenario
  readonly park: Park
  readonly gateways: readonly GatewayFile[]
  /** Where meter profiles come from; those of firmware-config by default. */
  readonly profile?: (id: string, ratios: TransformerRatios) => RegisterMap
  /** Up to `toMs` and including it: the end of the last quarter of an hour. */
  readonly period: Period
  readonly folder: string
  /** What a plant of the scenario has summed up before. */
  readonly daySums?: DaySums
  /** Ends the work after the file under way; files are whole or not there. */
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** The folder's manifest, or `undefined` where it holds none yet. Throws `file-invalid` for one that is none. */
export function readHistoryManifest(folder: string): HistoryManifest | undefined {
  const file = join(folder, MANIFEST)
  if (!existsSync(file)) return undefined
  try {
    return manifest.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Fault('file-invalid', 'It describes no history.', { place: { file }, cause })
  }
}

/** A file is there as a whole, or not at all. */
function writeWhole(file: string, content: string | Uint8Array): void {
  writeFileSync(`${file}.part`, content)
  renameSync(`${file}.part`, file)
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** All that the files depend on. */
function identityOf({ scenario, park, gateways }: HistoryOptions, period: Period): string {
  return sha256(JSON.stringify([...scenarioParts(scenario), park.description, gateways, period]))
}

function claimFolder(folder: string, wanted: HistoryManifest): void {
  const found = readHistoryManifest(folder)
  if (found === undefined) {
    mkdirSync(folder, { recursive: true })
    return writeWhole(join(folder, MANIFEST), `${JSON.stringify(wanted, null, 2)}\n`)
  }
  if (found.identity !== wanted.identity) {
    const what = `${folder} holds the history of another park, scenario or period; choose another folder.`
    throw new Fault('folder-unusable', what, { place: { file: folder } })
  }
}

/** The batches of one file: each gateway's in an epoch of their own, so no number is that of a journal. */
function batchLines(pasts: ReturnType<typeof historyOf>, identity: string, name: string): string {
  const seqs = new Map<string, number>()
  let lines = ''
  for (const { gateway, samples } of pasts) {
    const seq = (seqs.get(gateway) ?? 0) + 1
    seqs.set(gateway, seq)
    const epoch = sha256(`${identity} ${name} ${gateway}`).slice(0, 32)
    const batch: ReadingsBatch = { v: 1, gateway, epoch, seq, kind: 'readings', samples: [...samples] }
    lines += `${JSON.stringify(batch)}\n`
  }
  return lines
}

/**
 * Writes the past of a park, newest week first. Deterministic to the byte, so an interrupted run is continued by
 * calling again: files that are there are left. Throws `folder-unusable` where the folder holds another history.
 * Returns false when the signal ended it early.
 */
export async function writeHistory(options: HistoryOptions): Promise<boolean> {
  const { scenario, park, gateways, folder, signal, onProgress } = options
  const period = { fromMs: slotStart(options.period.fromMs), toMs: slotStart(options.period.toMs) }
  const identity = identityOf(options, period)
  claimFolder(folder, { v: 1, identity, park: park.description.id, ...period })
  const plant = makePlant(scenario, park, options.daySums)
  const truth = truthOf(scenario, park, plant)
  const meters = historyMeters(park, gateways, options.profile)
  const parts = partsOf(period)
  for (const [index, part] of parts.entries()) {
    if (signal.aborted) return false
    onProgress?.(index, parts.length)
    const date = new Date(part.fromMs).toISOString().slice(0, 10)
    const readings = join(folder, `readings-${date}.jsonl.zst`)
    const truths = join(folder, `truth-${date}.csv`)
    if (!existsSync(readings)) {
      const lines = batchLines(historyOf(plant, meters, part), identity, date)
      writeWhole(readings, zstdCompressSync(lines))
      await turn()
    }
    if (!existsSync(truths)) writeWhole(truths, truthCsv(truth, part))
    await turn()
  }
  onProgress?.(parts.length, parts.length)
  return true
}
