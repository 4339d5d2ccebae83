import { z } from 'zod'
import { startAgent } from '#edge/agent.ts'
import { startHealthServer, type HealthServer } from '#edge/health-server.ts'
import type { ProcessUse } from '#edge/metrics.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { tellParent } from '../child.ts'
import { openDataFolder } from '../data-folder.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { logLevel, port, text } from '../options.ts'
import { clockOf, paceOfFolder, paceOptions } from '../pace.ts'
import { bootIdentity } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  config: text.meta({ description: 'The gateway file' }),
  data: text.default('./data').meta({ description: 'Folder of the journal (./data)' }),
  profiles: text.optional().meta({ description: 'A folder with profiles of your own' }),
  'health-port': port.optional().meta({
    description: 'Serve /metrics, /healthz and /livez on this port of the loopback (none)',
  }),
  ...paceOptions,
  log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
})

function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage()
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startedSeconds: (Date.now() - process.uptime() * 1_000) / 1_000,
  }
}

/** The agent of one gateway. */
export const edge = verb('Read meters and deliver what they say, on a gateway', options, async (given) => {
  const lifetime = watchLifetime()
  const gateway = readGatewayFile(given.config).value
  const log = makeLog(gateway.gateway, given.log)
  const folder = openDataFolder(given.data)
  try {
    const boot = bootIdentity()
    const agent = await startAgent({
      gateway,
      profile: openProfiles(given.profiles).load,
      ...(boot === undefined ? {} : { boot }),
      journalFile: folder.file('journal.sqlite'),
      clock: clockOf(paceOfFolder(folder, 'journal.sqlite', given)),
      log,
    })
    let health: HealthServer | undefined
    try {
      const healthPort = given['health-port']
      if (healthPort !== undefined) {
        health = await startHealthServer(healthPort, () => agent.report(), processUse)
        log.info({ port: health.port }, 'health is served')
      }
      tellParent({
        kind: 'ready',
        url: gateway.uplink.url,
        ports: health === undefined ? {} : { health: health.port },
      })
      await lifetime.ended
    } finally {
      await health?.close()
      await agent.stop()
    }
  } finally {
    folder.release()
  }
})
