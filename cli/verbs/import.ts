import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { importFile } from '#ingest/import.ts'
import { surveyOf } from '#ingest/import-lines.ts'
import { openReadingStore } from '#store/open.ts'
import { tellParent } from '../child.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { dataOption, flag, logLevel, storeOption, text } from '../options.ts'
import { ProgressLine } from '../progress.ts'
import { serverClock, serverFolder } from '../server-folder.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  file: z.array(text).meta({
    description:
      'Files of payloads (.jsonl) or of readings (.csv, .lp), each also as .zst, or folders of them; --file may be left out',
  }),
  data: dataOption,
  store: storeOption,
  again: flag(
    'Take the files from their beginning although they were imported before: when the park file has got a meter that it lacked, say',
  ),
  log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
})

/** In a folder of a history the truth lies beside the readings, as CSV as well. */
const isImportFile = (name: string): boolean =>
  /\.(?:jsonl|lp)(?:\.zst)?$|^readings.*\.csv(?:\.zst)?$/.test(name)

/**
 * The files of a folder by name, the last one first: where names carry dates the newest is imported first, and no
 * interval is ever computed over a hole that the next file fills.
 */
function filesIn(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path)
      .filter(isImportFile)
      .toSorted()
      .toReversed()
      .map((name) => join(path, name))
  } catch (cause) {
    throw new Fault('file-unreadable', `${path} cannot be read.`, { place: { file: path }, cause })
  }
}

function marksFolder(data: string): string {
  const folder = join(data, 'imports')
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new Fault('folder-unusable', `${folder} cannot be made.`, { place: { file: folder }, cause })
  }
  return folder
}

/** Readings out of files into the store, by the way that readings from gateways take (docs/import.md). */
export const importFiles = verb(
  'Take readings out of files into the store',
  options,
  async (given) => {
    const lifetime = watchLifetime()
    const log = makeLog('import', given.log)
    const park = readParkFile(given.park)
    const data = serverFolder(given.data)
    const marks = marksFolder(data)
    // The owner of the books follows commit records by the server's clock.
    const clock = serverClock(data)
    const files = given.file.flatMap(filesIn)
    const surveys = []
    for (const file of files) surveys.push({ file, ...(await surveyOf(file)) })
    const total = surveys.reduce((sum, { rows }) => sum + rows, 0)
    const store = await openReadingStore(given.store ?? `sqlite:${join(data, 'readings.sqlite')}`)
    const progress = new ProgressLine('import')
    const counts = { rows: 0, readings: 0, refused: 0 }
    const startedMs = performance.now()
    try {
      let before = 0
      for (const { file, rows, digest } of surveys) {
        const result = await importFile({
          file,
          markFile: join(marks, `${digest}.json`),
          park,
          store,
          clock,
          random: Math.random,
          log,
          signal: lifetime.signal,
          again: given.again,
          onProgress: (done) => {
            progress.show(before + done, total, `${before + done} / ${total}`)
            tellParent({ kind: 'progress', done: before + done, total })
          },
        })
        counts.rows += result.rows
        counts.readings += result.readings
        counts.refused += result.refused
        before += rows
        if (!result.complete)
          throw new Fault('process-ended', 'Stopped before the end; run it again to continue.')
      }
    } finally {
      progress.end()
      await store.close()
    }
    const seconds = (performance.now() - startedMs) / 1_000
    log.info({ ...counts, files: files.length, seconds }, 'imported')
    const refused = counts.refused === 0 ? '' : `, ${counts.refused} refused (in quarantine)`
    console.log(
      `${counts.readings} readings in ${counts.rows} lines imported in ${seconds.toFixed(1)} s${refused}`,
    )
    tellParent({ kind: 'finished' })
  },
  { bare: 'file' },
)
