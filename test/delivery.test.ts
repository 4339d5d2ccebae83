import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Child } from '#cli/child.ts'
import { isRegisterReading } from '#contract/reading.ts'
import { toDecimal, sum } from '#contract/amount.ts'
import type { scenarioFile } from '#simulators/scenario.ts'
import { readServedLog } from '#simulators/truth.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { gatewayOf, makeInstallation, parkOf } from './support/installation.ts'
import { freePort } from './support/servers.ts'
import { until } from './support/until.ts'

/**
 * The promise of delivery, with real processes that are really killed. Every read of a simulated meter shows a register
 * that has advanced since the one before, so each reply that the simulator served can be told apart; its log is the
 * truth that the store is compared with afterwards.
 */
const ROUNDS = Number(process.env['TANBIAO_KILL_ROUNDS'] ?? 12)
const SEED = Number(process.env['TANBIAO_SEED'] ?? Math.floor(performance.timeOrigin % 0x8000_0000))

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER }
const REGISTER = 'activeEnergyImport.total'
/** schneider-iem3155: i64 Wh. */
const REGISTER_ADDRESS = 0x0c83

/**
 * Reads of one meter that a killed gateway may take with it: those whose reply had not reached the journal. At 5 reads
 * a second and a commit window of 50 ms it is one or two; a slow disk may make it a few more, a lost journal row many.
 */
const READS_IN_FLIGHT_MAX = 10

/** mulberry32: a small seeded generator, so that a failing run can be made again. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const gateways = { 'gw-a': ['meter-a1', 'meter-a2'], 'gw-b': ['meter-b1', 'meter-b2'] } as const
type GatewayId = keyof typeof gateways
const gatewayIds = ['gw-a', 'gw-b'] as const satisfies readonly GatewayId[]
const meters = [...gateways['gw-a'], ...gateways['gw-b']]
const gatewayOfMeter = (meter: string): GatewayId =>
  gateways['gw-a'].some((id) => id === meter) ? 'gw-a' : 'gw-b'

interface Kill {
  readonly gateway: GatewayId
  readonly atMs: number
}

/** The registers that left the simulator, per meter, in order: count of Wh and when. */
function registersServed(file: string): Map<string, { count: number; atMs: number }[]> {
  const truth = new Map<string, { count: number; atMs: number }[]>(meters.map((meter) => [meter, []]))
  for (const { meter, address, words, atMs } of readServedLog(file)) {
    const at = REGISTER_ADDRESS - address
    if (at < 0 || at + 4 > words.length) continue
    const count = words.slice(at, at + 4).reduce((total, word) => total * 0x1_0000 + word, 0)
    truth.get(meter)?.push({ count, atMs })
  }
  return truth
}

/** Loads so large that the register has advanced by many steps whenever it is read again. */
function scenarioOf(names: readonly string[]): z.input<typeof scenarioFile> {
  return {
    park: 'test-park',
    seed: SEED,
    registersFrom: '2026-01-01T00:00:00+08:00',
    utcOffset: '+08:00',
    latitude: 39.1,
    flows: Object.fromEntries(
      names.map((name, index) => [name, { kind: 'continuous', mean: 4_000 + 1_000 * index }]),
    ),
  }
}

/** Waits until every row that the journal holds now has its receipt; rows made later do not matter. */
async function drained(journal: string): Promise<void> {
  const newest = readCount(journal, 'SELECT last_place AS number FROM identity')
  await until(
    () =>
      readCount(
        journal,
        `SELECT count(*) AS number FROM batch WHERE acknowledged_ms IS NULL AND place <= ${newest}`,
      ) === 0
        ? true
        : undefined,
    60_000,
  )
}

function readCount(journal: string, sql: string): number {
  const database = new DatabaseSync(journal, { readOnly: true, timeout: 5_000 })
  try {
    return z.object({ number: z.int() }).parse(database.prepare(sql).get()).number
  } finally {
    database.close()
  }
}

/** Rows of a journal whose gateway has stopped: how many there are, and epoch and number of those without a receipt. */
function journalRows(journal: string): { all: number; waiting: readonly string[] } {
  const database = new DatabaseSync(journal, { readOnly: true, timeout: 5_000 })
  try {
    const waiting = database
      .prepare(
        `SELECT epoch || ' ' || (place - after_place) AS number FROM batch JOIN epoch
         ON after_place = (SELECT max(after_place) FROM epoch WHERE after_place < place) WHERE acknowledged_ms IS NULL`,
      )
      .all()
    return {
      all: readCount(journal, 'SELECT count(*) AS number FROM batch'),
      waiting: waiting.map((row) => z.object({ number: z.string() }).parse(row).number),
    }
  } finally {
    database.close()
  }
}

describe('Delivery', () => {
  const installation = makeInstallation()
  const journalOf = (gateway: GatewayId): string => join(installation.folder, gateway, 'journal.sqlite')
  afterEach(() => installation.remove())

  it(
    `loses nothing and stores nothing twice in ${ROUNDS} rounds of kills (TANBIAO_SEED=${SEED})`,
    async () => {
      console.info(`kill rounds: ${ROUNDS}, seed: ${SEED}`)
      const random = seeded(SEED)
      const mqttPort = await freePort()
      const park = installation.write(
        'park.yaml',
        parkOf(Object.fromEntries(meters.map((meter) => [meter, gatewayOfMeter(meter)]))),
      )
      const scenario = installation.write('scenario.yaml', scenarioOf(meters))
      const modbusPorts = { 'gw-a': await freePort(), 'gw-b': await freePort() }
      const configs = Object.fromEntries(
        gatewayIds.map((gateway) => [
          gateway,
          installation.write(
            `${gateway}.yaml`,
            gatewayOf({
              gateway,
              meters: gateways[gateway],
              profile: 'schneider-iem3155',
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

      const truth = registersServed(servedLog)
      const store = await openReadingStore(`sqlite:${join(data, 'readings.sqlite')}`)
      const books = openBooks(join(data, 'books.sqlite'))
      let servedTotal = 0
      let takenAlong = 0
      for (const meter of meters) {
        const readings = await store.readings(meter, REGISTER, { fromMs: ALL.from, toMs: ALL.to })
        const stored = readings.filter(isRegisterReading)
        const counts = stored.map((reading) => reading.value.count)
        const servedReads = truth.get(meter) ?? []
        const servedCounts = new Set(servedReads.map(({ count }) => count))
        servedTotal += servedReads.length
        expect(servedCounts.size, 'every reply can be told apart').toBe(servedReads.length)
        expect(servedReads.length).toBeGreaterThan(ROUNDS)

        expect(new Set(counts).size, `${meter}: nothing twice`).toBe(counts.length)
        expect(
          counts.filter((count) => !servedCounts.has(count)),
          `${meter}: nothing invented`,
        ).toEqual([])

        // What is not stored was on its way inside a gateway when it was killed: the last reads before the kill.
        const storedCounts = new Set(counts)
        const lostPerKill = new Map<Kill, number>()
        for (const [index, read] of servedReads.entries()) {
          if (storedCounts.has(read.count)) continue
          const kill = kills.find(
            ({ gateway, atMs }) => gateway === gatewayOfMeter(meter) && atMs >= read.atMs,
          )
          const readsUntilKill = servedReads
            .slice(index)
            .filter(({ atMs }) => kill !== undefined && atMs <= kill.atMs)
          expect(kill, `${meter}: ${read.count} Wh was served and lost without a kill`).toBeDefined()
          expect(
            readsUntilKill.filter(({ count }) => storedCounts.has(count)),
            `${meter}: ${read.count} Wh was lost though later reads before the kill were kept`,
          ).toEqual([])
          if (kill !== undefined) lostPerKill.set(kill, (lostPerKill.get(kill) ?? 0) + 1)
          takenAlong += 1
        }
        for (const lost of lostPerKill.values()) expect(lost).toBeLessThanOrEqual(READS_IN_FLIGHT_MAX)

        const intervals = books.intervals(meter, REGISTER, { fromMs: ALL.from, toMs: ALL.to })
        const energy = sum(
          intervals.flatMap((interval) => (interval.state === 'known' ? [interval.energy] : [])),
        )
        const advance = (counts.at(-1) ?? 0) - (counts[0] ?? 0)
        expect(energy === undefined ? undefined : toDecimal(energy)).toBe((advance / 1000).toFixed(3))
      }
      expect(books.quarantine(10)).toEqual([])
      // Every number is in the books or, made after the drain and without a receipt, still in its gateway's journal.
      const rows = new Map(gatewayIds.map((gateway) => [gateway, journalRows(journalOf(gateway))]))
      const missing = books.holes().flatMap(({ gateway, epoch, firstSeq, lastSeq }) => {
        const waiting = new Set(
          gatewayIds.flatMap((id) => (id === gateway ? (rows.get(id)?.waiting ?? []) : [])),
        )
        const numbers = Array.from({ length: lastSeq - firstSeq + 1 }, (_, index) => firstSeq + index)
        return numbers.map((seq) => `${epoch} ${seq}`).filter((number) => !waiting.has(number))
      })
      expect(missing).toEqual([])
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
