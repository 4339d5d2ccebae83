import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import { PARTIAL, putWhole, syncFolder, writeSynced } from './durable-file.ts'
import { reportManifest, type KeptFile, type ReportManifest } from './manifest.ts'

/**
 * Scheduled reports on the disk: FOLDER/schedule/period/account/ with the files and manifest.json. A report is written
 * beside its place and moved there whole, so that what has its place was made, once. Nothing here changes a file later.
 */

const MANIFEST = 'manifest.json'
const MAILED = 'mailed'
/** In a schedule’s folder: when it was first seen. */
const SINCE = '.since'

/** A file with its content, before it is kept. */
export interface MadeFile extends Pick<KeptFile, 'name' | 'report' | 'format'> {
  readonly content: Buffer
}

const foldersIn = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
        .map(({ name }) => name)
    : []

const nameOf = ({
  schedule,
  period,
  account,
}: Pick<ReportManifest, 'schedule' | 'period' | 'account'>): string => `${schedule}/${period}/${account}`

export type ReportPlace = Pick<ReportManifest, 'schedule' | 'period' | 'account'>

/** The reports of a folder; read once, then kept in memory. Throws `folder-unusable`. */
export class ReportArchive {
  readonly #folder: string
  readonly #manifests = new Map<string, ReportManifest>()

  constructor(folder: string) {
    this.#folder = folder
    try {
      for (const schedule of foldersIn(folder)) {
        for (const period of foldersIn(join(folder, schedule))) {
          for (const account of foldersIn(join(folder, schedule, period))) {
            const file = join(folder, schedule, period, account, MANIFEST)
            const manifest = reportManifest.parse(JSON.parse(readFileSync(file, 'utf8')))
            this.#manifests.set(nameOf(manifest), manifest)
          }
        }
      }
    } catch (cause) {
      throw new Fault('folder-unusable', `The reports in ${folder} cannot be read.`, {
        place: { file: folder },
        cause,
      })
    }
  }

  /** Newest periods first. */
  list(): readonly ReportManifest[] {
    return [...this.#manifests.values()].toSorted(
      (a, b) => b.dueMs - a.dueMs || nameOf(a).localeCompare(nameOf(b)),
    )
  }

  find(place: ReportPlace): ReportManifest | undefined {
    return this.#manifests.get(nameOf(place))
  }

  /** When a schedule was first seen; now, where it never was. Throws `report-damaged` where that cannot be read. */
  since(schedule: string, nowMs: number): number {
    const folder = join(this.#folder, schedule)
    const file = join(folder, SINCE)
    if (existsSync(file)) {
      const [, digits] = /^(\d+)\n$/.exec(readFileSync(file, 'utf8')) ?? []
      if (digits !== undefined) return Number(digits)
      throw new Fault('report-damaged', `${file} does not say since when "${schedule}" is there.`, {
        place: { file },
      })
    }
    putWhole(folder, SINCE, `${nowMs}\n`)
    return nowMs
  }

  /** Keeps a report with its files, whole or not at all. Throws where the disk does not take it. */
  keep(manifest: Omit<ReportManifest, 'files'>, files: readonly MadeFile[]): ReportManifest {
    const whole = reportManifest.parse({
      ...manifest,
      files: files.map(({ content, name, report, format }) => ({
        name,
        report,
        format,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      })),
    })
    const parent = join(this.#folder, manifest.schedule, manifest.period)
    const partial = join(parent, `${PARTIAL}-${manifest.account}`)
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    for (const { name, content } of files) writeSynced(join(partial, name), content)
    writeSynced(join(partial, MANIFEST), `${JSON.stringify(whole, undefined, 2)}\n`)
    syncFolder(partial)
    renameSync(partial, join(parent, manifest.account))
    syncFolder(parent)
    this.#manifests.set(nameOf(whole), whole)
    return whole
  }

  /**
   * A file of a report. Throws `not-found` for one that its manifest does not name, and `report-damaged` where the file
   * is not the one that was kept.
   */
  read(place: ReportPlace, name: string): { readonly file: KeptFile; readonly content: Buffer } {
    const manifest = this.find(place)
    const file = manifest?.files.find((each) => each.name === name)
    if (manifest === undefined || file === undefined) {
      throw new Fault('not-found', 'There is no such file of a scheduled report.')
    }
    // Every part of the path comes from the manifest, none from who asks.
    const path = join(this.#folder, manifest.schedule, manifest.period, manifest.account, file.name)
    const damaged = (what: string, cause?: unknown): Fault =>
      new Fault('report-damaged', `${file.name} ${what}.`, { place: { file: path }, cause })
    let content: Buffer
    try {
      content = readFileSync(path)
    } catch (cause) {
      throw damaged('cannot be read', cause)
    }
    if (createHash('sha256').update(content).digest('hex') !== file.sha256)
      throw damaged('is not the file that was kept')
    return { file, content }
  }

  isMailed(place: ReportPlace): boolean {
    return existsSync(join(this.#folder, nameOf(place), MAILED))
  }

  markMailed(place: ReportPlace, atMs: number): void {
    writeSynced(join(this.#folder, nameOf(place), MAILED), `${atMs}\n`)
  }
}
