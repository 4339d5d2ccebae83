import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '#cli/child.ts'
import { SeededRandom } from '#edge/testing/seeded-random.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { startInflux, type InfluxServer } from './influx.ts'
import { gatewayOf, makeInstallation, parkOf } from './installation.ts'
import { drained, journalRows } from './journals.ts'
import { startMosquitto, type Mosquitto } from './mosquitto.ts'
import { startRelay, type Relay } from './relay.ts'
import { startRepeater, type Repeater } from './repeater.ts'
import { freePort } from './servers.ts'
import { mountSmallDisk, type SmallDisk } from './small-disk.ts'
import {
  compareEnergy,
  compareMeter,
  fastScenario,
  missingNumbers,
  REGISTER,
  registersServed,
  TRUTH_PROFILE,
  type Kill,
} from './truth.ts'
import { until } from './until.ts'

/**
 * A whole site of real processes: simulated meters, two gateways, mosquitto, the server with an ingest worker beside it that
 * shares its subscription, and influxd, with a relay on each connection between machines.
 */

export const gateways = { 'gw-a': ['meter-a1', 'meter-a2'], 'gw-b': ['meter-b1', 'meter-b2'] } as const
export type GatewayId = keyof typeof gateways
export const gatewayIds = ['gw-a', 'gw-b'] as const satisfies readonly GatewayId[]
const ownerOf = new Map<string, GatewayId>(
  gatewayIds.flatMap((gateway) => gateways[gateway].map((meter) => [meter, gateway] as const)),
)
const meters = [...ownerOf.keys()]

const steppedClock = new URL('stepped-clock.ts', import.meta.url).href

const ALL = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }
/** The least that MQTT links of gateways may be set to: a lost one is found within one and a half of it. */
const KEEP_ALIVE_SECONDS = 5
/** The data folder of the server: books of some megabytes and their log. */
const SMALL_DISK_MB = 96
/** That of the store, which cuts its log into pieces of 10 MB and more. */
const STORE_DISK_MB = 256
/** Both who ingest are in it. */
const SHARE_GROUP = 'tanbiao'
/** A half-open connection of the server is found after 45 s, and its requests to the store one after another. */
const DRAINED_WITHIN_MS = 240_000

export interface Site {
  readonly random: SeededRandom
  readonly mosquitto: Mosquitto
  readonly influx: InfluxServer
  readonly repeater: Repeater
  readonly relays: Readonly<Record<GatewayId | 'server' | 'worker' | 'store', Relay>>
  /** Where the server keeps its books; `undefined` where this user may not mount one. */
  readonly disk: SmallDisk | undefined
  /** Where the store keeps its data; the same. */
  readonly storeDisk: SmallDisk | undefined
  server(): Child
  worker(): Child
  agent(gateway: GatewayId): Child
  killServer(): Promise<void>
  startServer(): Promise<void>
  killWorker(): Promise<void>
  startWorker(): Promise<void>
  /** Sets the wall clock of the server's process off by so much, until it ends. */
  setServerClock(offMs: number): void
  /** The same of a gateway; resolves when it has seen the jump. */
  setGatewayClock(gateway: GatewayId, offMs: number): Promise<void>
  killGateway(gateway: GatewayId): Promise<void>
  startGateway(gateway: GatewayId): Promise<void>
  /** Waits until all that was read before now is stored and entered; gives what is wrong with it. */
  settled(): Promise<readonly string[]>
  /** Stops everything in order and compares all of it, intervals too. */
  finish(): Promise<{ readonly differences: readonly string[]; readonly account: string }>
  /** What Prometheus would read. */
  metrics(): Promise<string>
  remove(): Promise<void>
}

/** Starts it; resolves when both gateways deliver. */
export async function startSite(seed: number): Promise<Site> {
  const installation = makeInstallation()
  const random = new SeededRandom(seed)
  const mosquitto = await startMosquitto()
  const storeDisk = mountSmallDisk(STORE_DISK_MB)
  const influx = await startInflux(storeDisk?.folder)
  const relays = {
    'gw-a': await startRelay(mosquitto.port),
    'gw-b': await startRelay(mosquitto.port),
    server: await startRelay(mosquitto.port),
    worker: await startRelay(mosquitto.port),
    store: await startRelay(influx.port),
  }
  const disk = mountSmallDisk(SMALL_DISK_MB)
  const data = join(disk?.folder ?? installation.folder, 'server')
  const park = installation.write('park.yaml', parkOf(Object.fromEntries(ownerOf)))
  const scenario = installation.write('scenario.yaml', fastScenario(meters, seed))
  const configs = new Map<GatewayId, string>()
  for (const gateway of gatewayIds) {
    const description = gatewayOf({
      gateway,
      meters: gateways[gateway],
      profile: TRUTH_PROFILE,
      modbusPort: await freePort(),
      mqttPort: relays[gateway].port,
      everySeconds: 0.2,
      keepAliveSeconds: KEEP_ALIVE_SECONDS,
    })
    configs.set(gateway, installation.write(`${gateway}.yaml`, description))
  }
  const servedLog = join(installation.folder, 'served.jsonl')
  const simulator = installation.start('simulate', 'simulate', {
    scenario,
    park,
    gateway: [...configs.values()],
    'served-log': servedLog,
  })
  await simulator.told('ready')

  const kills: Kill[] = []
  const journalOf = (gateway: GatewayId): string => join(installation.folder, gateway, 'journal.sqlite')
  const port = await freePort()
  const clockFileOf = (name: string): string => join(installation.folder, `clock-${name}`)
  /** The environment of a process whose clock can be set. */
  const withClock = (name: string): Readonly<Record<string, string>> => ({
    NODE_OPTIONS: `--import=${steppedClock}`,
    TANBIAO_TEST_CLOCK: clockFileOf(name),
  })
  const setClock = (name: string, child: Child, offMs: number): void => {
    writeFileSync(clockFileOf(name), String(offMs))
    if (child.pid !== undefined) process.kill(child.pid, 'SIGUSR2')
  }
  const store = `influx1://127.0.0.1:${relays.store.port}/park?create=true`
  const launchServer = (): Child =>
    installation.start(
      'serve',
      'serve',
      {
        park,
        data,
        port,
        broker: `mqtt://127.0.0.1:${relays.server.port}`,
        'share-group': SHARE_GROUP,
        store,
      },
      withClock('server'),
    )
  const launchWorker = (): Child =>
    installation.start('ingest', 'ingest', {
      park,
      broker: `mqtt://127.0.0.1:${relays.worker.port}`,
      'share-group': SHARE_GROUP,
      store,
    })
  const launchGateway = (gateway: GatewayId): Child =>
    installation.start(
      gateway,
      'edge',
      { config: configs.get(gateway) ?? '', data: join(installation.folder, gateway) },
      withClock(gateway),
    )
  let server = launchServer()
  let worker = launchWorker()
  const agents = { 'gw-a': launchGateway('gw-a'), 'gw-b': launchGateway('gw-b') }
  const everyone = [server, worker, ...Object.values(agents)].map((child) => child.told('ready'))
  await Promise.all(everyone)
  const repeater = await startRepeater(mosquitto.url, 'test-park', random)
  const openStore = (): Promise<ReadingStore> => openReadingStore(`influx1://127.0.0.1:${influx.port}/park`)

  /** Reads served until then, against the store. */
  async function compared(untilMs: number): Promise<{ differences: string[]; account: string }> {
    const truth = registersServed(servedLog, meters)
    const store = await openStore()
    const differences: string[] = []
    const counts = { served: 0, takenAlong: 0, tooLate: 0 }
    try {
      for (const [meter, gateway] of ownerOf) {
        const readings = await store.readings(meter, REGISTER, ALL)
        const all = truth.get(meter) ?? []
        const due = all.filter(({ atMs }) => atMs <= untilMs)
        // What was served later may be stored already: it is no invention.
        const stored = new Set(due.map(({ count }) => count))
        const later = new Set(all.map(({ count }) => count).filter((count) => !stored.has(count)))
        const known = readings.filter(
          ({ quality, ...rest }) =>
            quality === 'bad' ||
            !('value' in rest) ||
            typeof rest.value === 'number' ||
            !later.has(rest.value.count),
        )
        const ofItsGateway = kills.filter((kill) => kill.gateway === gateway)
        const found = compareMeter(meter, due, known, ofItsGateway)
        differences.push(...found.differences)
        counts.served += due.length
        counts.takenAlong += found.takenAlong
        counts.tooLate += found.tooLate
      }
    } finally {
      await store.close()
    }
    const { served, takenAlong, tooLate } = counts
    const account = `${served} reads served, ${takenAlong} inside a gateway when it was killed (${kills.length} kills), ${tooLate} too late and noted as failed`
    return { differences, account }
  }

  /** The equation, and that nothing is in quarantine but what was cut short. */
  function entered(): string[] {
    const books = openBooks(join(data, 'books.sqlite'))
    try {
      const waiting = new Map(
        gatewayIds.map((gateway) => [gateway, new Set(journalRows(journalOf(gateway)).waiting)]),
      )
      const missing = missingNumbers(books.holes(), waiting).map((number) => `${number} is nowhere`)
      const strange = books
        .quarantine(10_000)
        .filter(({ digest }) => !repeater.truncated.has(digest))
        .map(({ gateway, refusal }) => `${gateway}: ${refusal.code} in quarantine: ${refusal.detail}`)
      return [...missing, ...strange]
    } finally {
      books.close()
    }
  }

  return {
    random,
    mosquitto,
    influx,
    repeater,
    relays,
    disk,
    storeDisk,
    server: () => server,
    worker: () => worker,
    agent: (gateway) => agents[gateway],
    killServer: async () => {
      server.kill()
      await server.ended
    },
    startServer: async () => {
      server = launchServer()
      await server.told('ready')
    },
    killWorker: async () => {
      worker.kill()
      await worker.ended
    },
    startWorker: async () => {
      worker = launchWorker()
      await worker.told('ready')
    },
    setServerClock: (offMs) => {
      setClock('server', server, offMs)
    },
    setGatewayClock: async (gateway, offMs) => {
      const log = join(installation.folder, 'log', `${gateway}.log`)
      const jumps = (): number => readFileSync(log, 'utf8').split('the system clock jumped').length
      const before = jumps()
      setClock(gateway, agents[gateway], offMs)
      await until(() => (jumps() > before ? true : undefined))
    },
    killGateway: async (gateway) => {
      agents[gateway].kill()
      await agents[gateway].ended
      kills.push({ gateway, atMs: Date.now() })
    },
    startGateway: async (gateway) => {
      agents[gateway] = launchGateway(gateway)
      await agents[gateway].told('ready')
    },
    settled: async () => {
      const untilMs = Date.now()
      await sleep(1_000)
      for (const gateway of gatewayIds) await drained(journalOf(gateway), DRAINED_WITHIN_MS)
      let wrong: readonly string[] = []
      const look = async (): Promise<true | undefined> => {
        wrong = [...(await compared(untilMs)).differences, ...entered()]
        return wrong.length === 0 ? true : undefined
      }
      // The books follow, and a gateway that had no processor writes later: what is right in the end is right.
      await until(look, 20_000).catch(() => undefined)
      return wrong
    },
    finish: async () => {
      await simulator.stop()
      await sleep(1_000)
      for (const gateway of gatewayIds) await drained(journalOf(gateway), DRAINED_WITHIN_MS)
      await Promise.all(gatewayIds.map((gateway) => agents[gateway].stop()))
      await Promise.all([server.stop(30_000), worker.stop(30_000)])
      const { differences, account } = await compared(Number.MAX_SAFE_INTEGER)
      const books = openBooks(join(data, 'books.sqlite'))
      const store = await openStore()
      try {
        for (const meter of meters) {
          differences.push(...compareEnergy(books, meter, await store.readings(meter, REGISTER, ALL)))
        }
      } finally {
        books.close()
        await store.close()
      }
      return { differences: [...differences, ...entered()], account }
    },
    metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    remove: async () => {
      await repeater.stop()
      await installation.remove()
      for (const relay of Object.values(relays)) await relay.close()
      await mosquitto.stop()
      await influx.remove()
      disk?.remove()
      storeDisk?.remove()
    },
  }
}
