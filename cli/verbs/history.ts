import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { writeHistory } from '#simulators/history-files.ts'
import { openKeptSums } from '#simulators/kept-sums.ts'
import { readScenarioFor } from '#simulators/scenario-check.ts'
import { tellParent } from '../child.ts'
import { installationRoot, keptFolder } from '../installation.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { gatewayFiles, instant, text } from '../options.ts'
import { ProgressLine } from '../progress.ts'
import { verb } from '../verb.ts'

const options = z.object({
  scenario: text.meta({ description: 'The scenario file' }),
  park: text.meta({ description: 'The park file' }),
  config: gatewayFiles('A gateway file whose meters have a past'),
  from: instant.meta({ description: 'Begin of the past, e.g. 2025-11-01T00:00:00+08:00' }),
  to: instant.meta({ description: 'End of the past, included' }),
  out: text.meta({ description: 'Folder for the files; an interrupted run is continued there' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
})

/** Writes what a park's meters would have shown, and what really flowed, as files (docs/import.md). */
export const history = verb('Write the past of a simulated park as files', options, async (given) => {
  if (given.from >= given.to) throw new Fault('argument-invalid', '--from must lie before --to.')
  const lifetime = watchLifetime()
  const park = readParkFile(given.park)
  const scenario = readScenarioFor(park, given.scenario)
  const log = makeLog('history', 'warn')
  const kept = openKeptSums(keptFolder(installationRoot, 'sums'), scenario, (why) =>
    log.warn({ err: why }, 'sums of days are not kept'),
  )
  const progress = new ProgressLine('history')
  const isComplete = await writeHistory({
    scenario,
    daySums: kept.daySums,
    park,
    gateways: given.config.map((file) => readGatewayFile(file).value),
    profile: openProfiles(given.profiles).load,
    period: { fromMs: given.from, toMs: given.to },
    folder: given.out,
    signal: lifetime.signal,
    onProgress: (done, total) => {
      progress.show(done, total)
      tellParent({ kind: 'progress', done, total })
    },
  })
  progress.end()
  if (!isComplete) throw new Fault('process-ended', 'Stopped before the end; run it again to continue.')
  tellParent({ kind: 'finished' })
})
