import { setTimeout as sleep } from 'node:timers/promises'
import { gatewayIds, type Site } from './chaos-site.ts'

/** One thing that goes wrong and is over when it resolves: what comes back has come back by then. */
export interface ChaosFault {
  readonly name: string
  /** Takes longer than others, because a time that is not ours must pass; left to long runs. */
  readonly isSlow?: boolean
  strike(site: Site): Promise<void>
}

const CLOCK_STEP_MS = 240_000
/** Far beyond what a server takes from a gateway's clock: readings must not follow it. */
const GATEWAY_CLOCK_STEP_MS = 20 * 60_000

const whileOf = ({ random }: Site): Promise<void> => sleep(300 + 1_700 * random.next())

async function paused(pid: number | undefined, site: Site): Promise<void> {
  if (pid === undefined) throw new Error('nothing to pause')
  process.kill(pid, 'SIGSTOP')
  try {
    await whileOf(site)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

const anyGateway = (site: Site) => site.random.of(gatewayIds)

async function killStore(site: Site, how: 'kill' | 'stop'): Promise<void> {
  await site.influx[how]()
  await whileOf(site)
  await site.influx.start()
}

/** Every kind of fault that the processes here can be given from outside. */
export const chaosFaults: readonly ChaosFault[] = [
  {
    name: 'a gateway is killed',
    strike: async (site) => {
      const gateway = anyGateway(site)
      await site.killGateway(gateway)
      await site.startGateway(gateway)
    },
  },
  {
    name: 'the server is killed and stays away',
    strike: async (site) => {
      await site.killServer()
      await whileOf(site)
      await site.startServer()
    },
  },
  {
    name: 'an ingest worker is killed and stays away',
    strike: async (site) => {
      await site.killWorker()
      await whileOf(site)
      await site.startWorker()
    },
  },
  {
    name: 'an ingest worker is paused, and is given its share all the while',
    strike: (site) => paused(site.worker().pid, site),
  },
  {
    name: 'server and gateways are killed at once',
    strike: async (site) => {
      await Promise.all([site.killServer(), ...gatewayIds.map((gateway) => site.killGateway(gateway))])
      await Promise.all([site.startServer(), ...gatewayIds.map((gateway) => site.startGateway(gateway))])
    },
  },
  {
    name: 'the broker is killed, and remembers nothing',
    strike: async (site) => {
      await site.mosquitto.kill()
      await whileOf(site)
      await site.mosquitto.restart()
    },
  },
  { name: 'the store is killed', strike: (site) => killStore(site, 'kill') },
  { name: 'the store is stopped for a while', strike: (site) => killStore(site, 'stop') },
  { name: 'a gateway is paused', strike: (site) => paused(site.agent(anyGateway(site)).pid, site) },
  { name: 'the server is paused', strike: (site) => paused(site.server().pid, site) },
  { name: 'the broker is paused', strike: (site) => paused(site.mosquitto.pid(), site) },
  { name: 'the store is paused', strike: (site) => paused(site.influx.pid(), site) },
  {
    name: 'a network is cut',
    strike: async (site) => {
      const relay = site.relays[site.random.of([...gatewayIds, 'server', 'worker', 'store'] as const)]
      relay.cut()
      await whileOf(site)
      relay.pass()
    },
  },
  {
    name: 'a network is slow',
    strike: async (site) => {
      const relay = site.relays[site.random.of([...gatewayIds, 'server', 'worker', 'store'] as const)]
      relay.delay(site.random.between(50, 600))
      await whileOf(site)
      await whileOf(site)
      relay.pass()
    },
  },
  {
    name: 'a gateway’s connection is half open',
    strike: async (site) => {
      site.relays[anyGateway(site)].halfOpen()
      await whileOf(site)
    },
  },
  {
    // The server’s keep-alive is 30 s, and a request to the store may take as long.
    name: 'a connection of the server is half open',
    isSlow: true,
    strike: async (site) => {
      site.relays[site.random.of(['server', 'store'] as const)].halfOpen()
      await whileOf(site)
    },
  },
  {
    name: 'messages come twice and out of order',
    strike: async (site) => {
      await site.repeater.repeat()
    },
  },
  {
    name: 'messages come cut short',
    strike: async (site) => {
      await site.repeater.truncate()
    },
  },
  {
    name: 'a gateway floods',
    strike: async (site) => {
      await site.repeater.flood(anyGateway(site), 3_000)
    },
  },
  {
    name: 'the server’s disk is full',
    strike: async (site) => {
      site.disk?.fill()
      await whileOf(site)
      site.disk?.empty()
    },
  },
  {
    // InfluxDB 1.x takes writes again only after a restart.
    name: 'the store’s disk is full',
    strike: async (site) => {
      site.storeDisk?.fill()
      await whileOf(site)
      site.storeDisk?.empty()
      await killStore(site, 'kill')
    },
  },
  {
    // Less than what a gateway's clock may be ahead: beyond it readings are refused, which is no fault.
    name: 'the server’s clock is set ahead, and back',
    strike: async (site) => {
      for (const offMs of [CLOCK_STEP_MS, -CLOCK_STEP_MS, 0]) {
        site.setServerClock(offMs)
        await whileOf(site)
      }
    },
  },
  {
    name: 'a gateway’s clock is set ahead, and back',
    strike: async (site) => {
      const gateway = anyGateway(site)
      for (const offMs of [GATEWAY_CLOCK_STEP_MS, -GATEWAY_CLOCK_STEP_MS, 0]) {
        await site.setGatewayClock(gateway, offMs)
        await whileOf(site)
      }
    },
  },
]
