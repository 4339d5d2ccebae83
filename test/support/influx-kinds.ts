import { openInflux1Readings } from '#store/influx1-readings.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { ReadingStore } from '#store/port.ts'
import { startInflux, type InfluxServer } from './influx.ts'
import { startInflux2 } from './influx2.ts'
import { startInflux3 } from './influx3.ts'
import { describeWith, type Server } from './servers.ts'

/** The versions of InfluxDB of which there is a server to test against, as one thing: what they do differs in words alone. */
export interface InfluxKind {
  readonly name: string
  /** The program that it takes. */
  readonly needs: Server
  /** Where points are posted. */
  readonly writePath: string
  /** Words for a point that its retention does not let in. */
  readonly tooOld: RegExp
  /** A line of somebody else’s that makes a quantity a text, and its words for a number of that quantity. */
  readonly conflict: {
    readonly quantity: QuantityName
    readonly line: (ns: string) => string
    readonly words: RegExp
  }
  /** A write makes its database where it is gone. */
  readonly makesDatabases: boolean
  /** Starts one, its folder within `parent`. */
  readonly start: (parent?: string) => Promise<RunningInflux>
}

export interface RunningInflux extends InfluxServer {
  /** A new place for readings, and a store that reaches it at `url`, which may be that of a relay. */
  newPlace(url: URL, requestTimeoutMs: number): Promise<InfluxPlace>
}

export interface InfluxPlace {
  readonly store: ReadingStore
  /** The same place as a process finds it that was just started. */
  readonly openAgain: () => Promise<ReadingStore>
  /** Line protocol, as somebody else writes it. */
  readonly writeForeign: (line: string) => Promise<void>
  /** What it answers to an InfluxQL query, times in milliseconds. */
  readonly influxQl: (query: string) => Promise<unknown>
  readonly keepForDays: (days: number) => Promise<void>
  /** Takes it away with all that is in it, and makes it anew. */
  readonly drop: () => Promise<void>
  readonly make: () => Promise<void>
}

let places = 0

async function startOne(parent?: string): Promise<RunningInflux> {
  const server = await startInflux(parent)
  const direct = `http://127.0.0.1:${server.port}`
  const tell = async (statement: string): Promise<void> => {
    await fetch(`${direct}/query`, { method: 'POST', body: new URLSearchParams({ q: statement }) })
  }
  return {
    ...server,
    newPlace: async (url, requestTimeoutMs) => {
      const database = `park${(places += 1)}`
      const open = () => openInflux1Readings({ url, database, create: true, requestTimeoutMs })
      return {
        store: await open(),
        openAgain: open,
        writeForeign: async (line) =>
          void (await fetch(`${direct}/write?db=${database}`, { method: 'POST', body: line })),
        influxQl: async (q) => {
          const search = new URLSearchParams({ db: database, q, epoch: 'ms' }).toString()
          return (await fetch(`${direct}/query?${search}`)).json()
        },
        keepForDays: (days) =>
          tell(`ALTER RETENTION POLICY "autogen" ON "${database}" DURATION ${days}d SHARD DURATION 1d`),
        drop: () => tell(`DROP DATABASE "${database}"`),
        make: () => tell(`CREATE DATABASE "${database}"`),
      }
    },
  }
}

async function startTwo(parent?: string): Promise<RunningInflux> {
  const server = await startInflux2(parent)
  return {
    ...server,
    newPlace: async (url, requestTimeoutMs) => {
      const bucket = `park ${(places += 1)}`
      await server.makeBucket(bucket)
      await server.mapDatabase(bucket)
      const open = () => server.openStore(bucket, { url, requestTimeoutMs })
      return {
        store: await open(),
        openAgain: open,
        writeForeign: (line) => server.writeForeign(bucket, line),
        influxQl: (q) => server.influxQl(bucket, q),
        keepForDays: (days) => server.changeRetention(bucket, days * 86_400),
        drop: () => server.removeBucket(bucket),
        make: () => server.makeBucket(bucket),
      }
    },
  }
}

async function startThree(parent?: string): Promise<RunningInflux> {
  const server = await startInflux3(parent)
  let last: string | undefined
  return {
    ...server,
    newPlace: async (url, requestTimeoutMs) => {
      // 3 Core takes five databases: one goes when the next one comes.
      if (last !== undefined) await server.removeDatabase(last)
      const database = `park-${(places += 1)}`
      last = database
      const open = () => server.openStore(database, { url, requestTimeoutMs })
      return {
        store: await open(),
        openAgain: open,
        writeForeign: (line) => server.writeForeign(database, line),
        influxQl: (q) => server.influxQl(database, q),
        keepForDays: (days) => server.changeRetention(database, days),
        drop: () => server.removeDatabase(database),
        make: () => server.makeDatabase(database),
      }
    },
  }
}

/** Of 1.x and 2.x: a field of its own for each quantity. */
const fieldConflict: InfluxKind['conflict'] = {
  quantity: 'activePower.total',
  line: (ns) => `electricity,meter=x activePower.total="oops" ${ns}`,
  words: /field type conflict/,
}

const fieldKinds: readonly InfluxKind[] = [
  {
    name: 'InfluxDB 1.x',
    needs: 'influxd',
    writePath: '/write',
    tooOld: /beyond retention policy/,
    conflict: fieldConflict,
    makesDatabases: false,
    start: startOne,
  },
  {
    name: 'InfluxDB 2.x',
    needs: 'TANBIAO_TEST_INFLUXD2',
    writePath: '/api/v2/write',
    tooOld: /(beyond|outside) retention policy/,
    conflict: fieldConflict,
    makesDatabases: false,
    start: startTwo,
  },
]

const rowKind: InfluxKind = {
  name: 'InfluxDB 3.x',
  needs: 'TANBIAO_TEST_INFLUXDB3',
  writePath: '/api/v3/write_lp',
  tooOld: /beyond the retention of its database/,
  conflict: {
    quantity: 'steamFlow',
    line: (ns) => `steam,meter=x,quantity=steamFlow,quality=good value="oops" ${ns}`,
    words: /invalid column type/,
  },
  makesDatabases: true,
  start: startThree,
}

function describeKinds(kinds: readonly InfluxKind[], what: string, suite: (kind: InfluxKind) => void): void {
  for (const kind of kinds) describeWith([kind.needs], `${what} ${kind.name}`.trim(), () => suite(kind))
}

/** The same suite on each version that has a field for each quantity and of which there is a server. */
export function describeEachInflux(what: string, suite: (kind: InfluxKind) => void): void {
  describeKinds(fieldKinds, what, suite)
}

/** The same suite on 3.x too, which has a row for each reading. */
export function describeEveryInflux(what: string, suite: (kind: InfluxKind) => void): void {
  describeKinds([...fieldKinds, rowKind], what, suite)
}
