import { z } from 'zod'
import { readParkFile } from '#firmware-config/park-file.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { MeasuredStore } from '#store/measured.ts'
import { openReadingStore } from '#store/open.ts'
import { brokerAccessOf, brokerAccessOptions, shareOptions } from '../broker-options.ts'
import { clockKeeper, clockOptions } from '../clock-keeper.ts'
import { tellParent } from '../child.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { openOperationsPort, type OperationsPort } from '../operations-port.ts'
import { operationsOf } from '../operations.ts'
import { logLevel, port, text } from '../options.ts'
import { watchProcess } from '../process-use.ts'
import { systemClock } from '../system-clock.ts'
import { verb } from '../verb.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  store: text.meta({
    description: 'The store, as "serve" takes it: that of the "serve" that owns the books',
  }),
  broker: text.meta({ description: 'mqtt://HOST:PORT or mqtts://HOST:PORT of a broker of yours' }),
  ...brokerAccessOptions,
  ...shareOptions,
  'metrics-port': port
    .optional()
    .meta({ description: 'Port of /metrics, /healthz and /readyz (none; 0 takes a free one)' }),
  'metrics-host': text
    .default('127.0.0.1')
    .meta({ description: 'Address of that port; whoever reaches it may read the figures (127.0.0.1)' }),
  ...clockOptions,
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
    const store = new MeasuredStore(await openReadingStore(given.store, { ownThread: true }), clock)
    const machine = watchProcess()
    let worker: Worker | undefined
    let isStopping = false
    const operations = operationsOf({
      store,
      books: undefined,
      clock,
      processMetrics: () => machine.metrics(),
      worker: () => worker,
      isStopping: () => isStopping,
    })
    let watched: OperationsPort | undefined
    try {
      if (given['metrics-port'] !== undefined) {
        watched = await openOperationsPort({
          host: given['metrics-host'],
          port: given['metrics-port'],
          operations,
        })
        log.info({ url: watched.url }, 'figures are read here')
      }
      const started = await startWorker({
        brokerUrl: given.broker,
        access: brokerAccessOf(given.broker, given),
        shareGroup: given['share-group'],
        park,
        store,
        clock,
        log,
        isClockKept: clockKeeper(),
        trustsClock: given['trust-clock'],
      })
      worker = started
      tellParent({ kind: 'ready', url: watched?.url ?? given.broker })
      log.info({ broker: given.broker, shareGroup: given['share-group'] }, 'ingesting')
      const report = setInterval(() => log.info(started.statistics(), 'ingested'), REPORT_EVERY_MS)
      await lifetime.ended
      clearInterval(report)
      isStopping = true
      await started.stop()
      log.info(started.statistics(), 'stopped')
    } finally {
      machine.stop()
      await watched?.stop()
      await store.close()
    }
  },
  {
    notes:
      'Give every worker the same --share-group, "serve" too (or let "serve" have a group of its own: what is stored\ntwice is stored once). A worker keeps nothing: it may be killed at any moment.',
  },
)
