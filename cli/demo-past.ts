import { existsSync, writeFileSync } from 'node:fs'
import type { Park } from '#contract/park.ts'
import { readHistoryManifest } from '#simulators/history-files.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openBooks } from '#store/open.ts'
import type { Child } from './child.ts'
import type { DataFolder } from './data-folder.ts'
import { simulatedProduction } from './demo-production.ts'
import { ProgressLine } from './progress.ts'

/** What `demo` needs to give its park a past. */
export interface DemoPast {
  readonly folder: DataFolder
  readonly parkFile: string
  readonly scenarioFile: string
  readonly gatewayFiles: readonly string[]
  readonly start: (name: string, args: readonly string[]) => Child
  /** 0: none. */
  readonly months: number
  /** The end of the past, UTC ms, where it was not begun before. */
  readonly nowMs: number
}

const instantText = (ms: number): string => new Date(ms).toISOString()

/** The beginning of the day so many months ago, or that of the park's first meter. */
function beginOf(park: Park, months: number, nowMs: number): number {
  const day = Temporal.Instant.fromEpochMilliseconds(nowMs)
    .toZonedDateTimeISO(park.description.timeZone)
    .subtract({ months })
    .startOfDay().epochMilliseconds
  return Math.max(day, Math.min(...[...park.meters.values()].map(({ installedMs }) => installedMs)))
}

/**
 * Writes the park's past and imports it, in the background, once: it is continued after an interruption and left alone
 * when it is complete. It lies in `history/` of the data folder; the mark of completion lies with the server's data, so
 * that a server whose data was removed gets it again. Throws `process-ended`, or what the processes say.
 */
export async function fillPast(past: DemoPast, signal: AbortSignal): Promise<void> {
  const { folder, parkFile, scenarioFile, gatewayFiles, start, months, nowMs } = past
  const complete = folder.file('server', 'history-complete.txt')
  if (months === 0) return
  if (existsSync(complete)) {
    enterProduction(past)
    return
  }
  const out = folder.file('history')
  const begun = readHistoryManifest(out)
  const period = begun ?? { fromMs: beginOf(readParkFile(parkFile), months, nowMs), toMs: nowMs }

  const run = async (name: string, label: string, args: readonly string[]): Promise<boolean> => {
    const child = start(name, args)
    child.giveWay()
    const progress = new ProgressLine(label)
    child.heard('progress', ({ done, total }) => {
      progress.show(done, total)
    })
    await Promise.race([child.told('finished'), child.ended])
    progress.end()
    if (signal.aborted) return false
    await child.told('finished')
    return true
  }

  const gateways = gatewayFiles.flatMap((file) => ['--config', file])
  const when = ['--from', instantText(period.fromMs), '--to', instantText(period.toMs)]
  const what = ['simulate', 'history', '--scenario', scenarioFile, '--park', parkFile, '--out', out]
  const isWritten = await run('history', '历史数据 writing the past', [...what, ...gateways, ...when])
  if (!isWritten) return
  const taken = ['import', out, '--park', parkFile, '--data', folder.file('server')]
  const isImported = await run('import', '历史导入 importing it', taken)
  if (!isImported) return
  writeFileSync(complete, `${when.join(' ')}\n`)
  enterProduction(past)
}

/** What was made in the months of the past; entering it at each start is entering it once. */
function enterProduction({ folder, parkFile, nowMs }: DemoPast): void {
  const begun = readHistoryManifest(folder.file('history'))
  if (begun === undefined) return
  const { timeZone } = readParkFile(parkFile).description
  const books = openBooks(folder.file('server', 'books.sqlite'), timeZone)
  try {
    books.enterRecords(simulatedProduction({ fromMs: begun.fromMs, toMs: nowMs }, timeZone), nowMs)
  } finally {
    books.close()
  }
}
