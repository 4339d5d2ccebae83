import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { SOFTWARE_VERSION } from '#contract/software.ts'
import { startConfigured, startingConfiguration } from '#edge/configured.ts'
import { startHealthServer, type HealthServer } from '#edge/health-server.ts'
import { tellParent } from '../child.ts'
import { openDataFolder } from '../data-folder.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { logLevel, port, text } from '../options.ts'
import { clockOf, paceOfFolder, paceOptions } from '../pace.ts'
import { processUse } from '../process-use.ts'
import { bootIdentity, systemClock } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  config: text.meta({ description: 'The gateway file; its changes are taken over, at once or on SIGHUP' }),
  trust: text.optional().meta({
    description: 'File with the keys that may sign configurations (trust.yaml beside the gateway file)',
  }),
  data: text.default('./data').meta({ description: 'Folder of the journal (./data)' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  'health-port': port.optional().meta({
    description: 'Serve /metrics, /healthz and /livez on this port of the loopback (none)',
  }),
  ...paceOptions,
  log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
})

/** The agent of one gateway. */
export const edge = verb('Read meters and deliver what they say, on a gateway', options, async (given) => {
  const lifetime = watchLifetime()
  const localFile = resolve(given.config)
  const folder = openDataFolder(given.data)
  try {
    const files = {
      localFile,
      trustFile: given.trust ?? join(dirname(localFile), 'trust.yaml'),
      memoryFile: folder.file('configuration.json'),
      profileFolder: given.profiles,
    }
    const choice = startingConfiguration(files, systemClock.wallMs())
    const boot = bootIdentity()
    const log = makeLog(choice.gateway.gateway, given.log)
    const gateway = await startConfigured({
      files,
      choice,
      ...(boot === undefined ? {} : { boot }),
      software: {
        version: SOFTWARE_VERSION,
        runtime: process.version,
        platform: `${process.platform}-${process.arch}`,
      },
      journalFile: folder.file('journal.sqlite'),
      clock: clockOf(paceOfFolder(folder, 'journal.sqlite', given)),
      log,
    })
    let health: HealthServer | undefined
    try {
      const healthPort = given['health-port']
      if (healthPort !== undefined) {
        health = await startHealthServer(healthPort, () => gateway.agent.report(), processUse)
        log.info({ port: health.port }, 'health is served')
      }
      process.on('SIGHUP', gateway.reload)
      tellParent({
        kind: 'ready',
        url: choice.gateway.uplink.url,
        ports: health === undefined ? {} : { health: health.port },
      })
      await lifetime.ended
    } finally {
      process.off('SIGHUP', gateway.reload)
      await health?.close()
      await gateway.stop()
    }
  } finally {
    folder.release()
  }
})
