import { z } from 'zod'
import { readParkFile } from '#firmware-config/park-file.ts'
import { startWorker } from '#ingest/worker.ts'
import { openReadingStore } from '#store/open.ts'
import { brokerAccessOf, brokerAccessOptions } from '../broker-options.ts'
import { tellParent } from '../child.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { logLevel, text } from '../options.ts'
import { systemClock } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  store: text.meta({
    description: 'The store, as "serve" takes it: that of the "serve" that owns the books',
  }),
  broker: text.meta({ description: 'mqtt://HOST:PORT or mqtts://HOST:PORT of a broker of yours' }),
  ...brokerAccessOptions,
  log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
})

/** What a worker says of itself now and then. */
const REPORT_EVERY_MS = 60_000

/** One ingest worker: broker to stored-and-acknowledged, without books and pages. */
export const ingest = verb(
  'Run an ingest worker beside "serve", to share its load',
  options,
  async (given) => {
    const lifetime = watchLifetime()
    const log = makeLog('ingest', given.log)
    const park = readParkFile(given.park)
    const clock = systemClock
    const store = await openReadingStore(given.store)
    try {
      const worker = await startWorker({
        brokerUrl: given.broker,
        access: brokerAccessOf(given.broker, given),
        shareGroup: given['share-group'],
        park,
        store,
        clock,
        log,
      })
      tellParent({ kind: 'ready', url: given.broker })
      log.info({ broker: given.broker, shareGroup: given['share-group'] }, 'ingesting')
      const report = setInterval(() => log.info(worker.statistics(), 'ingested'), REPORT_EVERY_MS)
      await lifetime.ended
      clearInterval(report)
      await worker.stop()
      log.info(worker.statistics(), 'stopped')
    } finally {
      await store.close()
    }
  },
  {
    notes:
      'Give every worker the same --share-group, "serve" too (or let "serve" have a group of its own: what is stored\ntwice is stored once). A worker keeps nothing: it may be killed at any moment.',
  },
)
