import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { indexPark } from '#contract/park.ts'
import { makeLog } from '#cli/log.ts'
import { systemClock } from '#cli/system-clock.ts'
import { startBroker } from '#ingest/broker.ts'
import { startWorker } from '#ingest/worker.ts'
import { openReadingStore } from '#store/open.ts'
import { benchPark } from './load.ts'

/** The receiving side of the ingest benchmark, as a process: broker, ingest and store, nothing else. */
const [storeUrl = '', gateways = '1'] = process.argv.slice(2)
const log = makeLog('bench', 'error')
const park = indexPark(benchPark(Number(gateways)))
const store = await openReadingStore(storeUrl, { ownThread: true })
const broker = await startBroker({ host: '127.0.0.1', port: 0, park, log })
await startWorker({
  brokerUrl: broker.url,
  inside: broker.inside,
  park,
  store,
  clock: systemClock,
  log,
})
process.send?.({ url: broker.url })

// Asked what it holds: without what would be thrown away at the next turn.
setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')
process.on('message', () => {
  if (typeof collect === 'function') collect()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ heapMb: heapUsed / 1e6, externalMb: external / 1e6 })
})
