import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { Child } from '#cli/child.ts'
import { SeededRandom } from '#edge/testing/seeded-random.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { gatewayOf, makeInstallation, parkOf } from './support/installation.ts'
import { drained, journalRows } from './support/journals.ts'
import { freePort } from './support/servers.ts'
import {
  compareEnergy,
  compareMeter,
  fastScenario,
  missingNumbers,
  REGISTER,
  registersServed,
  TRUTH_PROFILE,
  type Kill,
} from './support/truth.ts'

/**
 * The promise of delivery, with real processes that are really killed. Every read of a simulated meter shows a register
 * that has advanced since the one before, so each reply that the simulator served can be told apart; its log is the
 * truth that the store is compared with afterwards.
 */
const ROUNDS = Number(process.env['TANBIAO_KILL_ROUNDS'] ?? 12)
const SEED = Number(process.env['TANBIAO_SEED'] ?? Math.floor(performance.timeOrigin % 0x8000_0000))

const gateways = { 'gw-a': ['meter-a1', 'meter-a2'], 'gw-b': ['meter-b1', 'meter-b2'] } as const
type GatewayId = keyof typeof gateways
const gatewayIds = ['gw-a', 'gw-b'] as const satisfies readonly GatewayId[]
const meters = [...gateways['gw-a'], ...gateways['gw-b']]
const gatewayOfMeter = (meter: string): GatewayId =>
  gateways['gw-a'].some((id) => id === meter) ? 'gw-a' : 'gw-b'

describe('Delivery', () => {
  const installation = makeInstallation()
  const journalOf = (gateway: GatewayId): string => join(installation.folder, gateway, 'journal.sqlite')
  afterEach(() => installation.remove())

  it(
    `loses nothing and stores nothing twice in ${ROUNDS} rounds of kills (TANBIAO_SEED=${SEED})`,
    async () => {
      console.info(`kill rounds: ${ROUNDS}, seed: ${SEED}`)
      const seeded = new SeededRandom(SEED)
      const random = (): number => seeded.next()
      const mqttPort = await freePort()
      const park = installation.write(
        'park.yaml',
        parkOf(Object.fromEntries(meters.map((meter) => [meter, gatewayOfMeter(meter)]))),
      )
      const scenario = installation.write('scenario.yaml', fastScenario(meters, SEED))
      const modbusPorts = { 'gw-a': await freePort(), 'gw-b': await freePort() }
      const configs = Object.fromEntries(
        gatewayIds.map((gateway) => [
          gateway,
          installation.write(
            `${gateway}.yaml`,
            gatewayOf({
              gateway,
              meters: gateways[gateway],
              profile: TRUTH_PROFILE,
              modbusPort: modbusPorts[gateway],
              mqttPort,
              everySeconds: 0.2,
            }),
          ),
        ]),
      )
      const servedLog = join(installation.folder, 'served.jsonl')
      const simulator = installation.start('simulate', 'simulate', {
        scenario,
        park,
        gateway: Object.values(configs),
        'served-log': servedLog,
      })
      await simulator.told('ready')

      const data = join(installation.folder, 'server')
      const startServer = (): Child =>
        installation.start('serve', 'serve', { park, data, port: 0, 'mqtt-port': mqttPort })
      const startGateway = (gateway: GatewayId): Child =>
        installation.start(gateway, 'edge', {
          config: configs[gateway] ?? '',
          data: join(installation.folder, gateway),
        })
      let server = startServer()
      const agents = { 'gw-a': startGateway('gw-a'), 'gw-b': startGateway('gw-b') }
      const kills: Kill[] = []

      const killGateway = async (gateway: GatewayId): Promise<void> => {
        agents[gateway].kill()
        await agents[gateway].ended
        kills.push({ gateway, atMs: Date.now() })
        agents[gateway] = startGateway(gateway)
      }
      const killServer = async (): Promise<void> => {
        server.kill()
        await server.ended
        // The server stays away for a random while, so that backlogs grow.
        await sleep(random() * 1_500)
        server = startServer()
      }
      for (let round = 0; round < ROUNDS; round += 1) {
        // A random moment is the point of the test: it may hit start, steady state, drain or any step of a commit.
        await sleep(300 + random() * 2_000)
        const victim = Math.floor(random() * 4)
        if (victim === 0) await killGateway('gw-a')
        else if (victim === 1) await killGateway('gw-b')
        else if (victim === 2) await killServer()
        else await Promise.all([killServer(), killGateway('gw-a'), killGateway('gw-b')])
      }

      // Let everything run again, then end the reading and let the journals drain.
      await Promise.all([server.told('ready'), agents['gw-a'].told('ready'), agents['gw-b'].told('ready')])
      await sleep(1_000)
      await simulator.stop()
      for (const gateway of gatewayIds) await drained(journalOf(gateway))
      await Promise.all(gatewayIds.map((gateway) => agents[gateway].stop()))
      await server.stop()

      const truth = registersServed(servedLog, meters)
      const store = await openReadingStore(`sqlite:${join(data, 'readings.sqlite')}`)
      const books = openBooks(join(data, 'books.sqlite'))
      let servedTotal = 0
      let takenAlong = 0
      for (const meter of meters) {
        const readings = await store.readings(meter, REGISTER, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })
        const served = truth.get(meter) ?? []
        servedTotal += served.length
        expect(served.length).toBeGreaterThan(ROUNDS)
        const ofItsGateway = kills.filter(({ gateway }) => gateway === gatewayOfMeter(meter))
        const compared = compareMeter(meter, served, readings, ofItsGateway)
        expect(compared.differences).toEqual([])
        expect(compared.tooLate, `${meter}: nothing here is slow enough to be late`).toBe(0)
        takenAlong += compared.takenAlong
        expect(compareEnergy(books, meter, readings)).toEqual([])
      }
      expect(books.quarantine(10)).toEqual([])
      // Every number is in the books or, made after the drain and without a receipt, still in its gateway's journal.
      const rows = new Map(gatewayIds.map((gateway) => [gateway, journalRows(journalOf(gateway))]))
      const waiting = new Map([...rows].map(([gateway, { waiting }]) => [gateway, new Set(waiting)]))
      expect(missingNumbers(books.holes(), waiting)).toEqual([])
      const receipted = [...rows.values()].reduce((sum, { all, waiting }) => sum + all - waiting.length, 0)
      expect(books.batchCount()).toBeGreaterThanOrEqual(receipted)
      books.close()
      await store.close()
      console.info(
        `${servedTotal} reads served, ${takenAlong} of them inside a gateway when it was killed (${kills.length} kills of gateways)`,
      )
    },
    60_000 + ROUNDS * 8_000,
  )
})
