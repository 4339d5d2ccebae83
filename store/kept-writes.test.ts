import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest'
import { startInflux, type InfluxServer } from '#test/support/influx.ts'
import { describeWith } from '#test/support/servers.ts'
import { counted, everything, register } from './conformance/sample-readings.ts'
import { openInflux1Readings } from './influx1-readings.ts'
import { KeptWrites } from './kept-writes.ts'

/** A server of which one can say when it was started. */
function pretended(bytesMax?: number) {
  const written: string[] = []
  const server = { started: 'first', fails: false, asked: 0, nowMs: 0 }
  const kept = new KeptWrites({
    serverStart: async () => {
      server.asked += 1
      return server.started
    },
    writeAgain: async (body) => {
      if (server.fails) throw new Error('away')
      written.push(body.toString())
    },
    monotonicMs: () => server.nowMs,
    ...(bytesMax === undefined ? {} : { bytesMax }),
  })
  const taken = (text: string, connections: number): Promise<void> =>
    kept.taken(Buffer.from(text), connections)
  return { server, written, taken }
}

describe('Kept writes', () => {
  it('are written again once a server was started anew, and not for another connection alone', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    await taken('b', 1)
    await taken('c', 2)
    expect([written, server.asked]).toEqual([[], 2])
    server.started = 'second'
    await taken('d', 3)
    expect(written).toEqual(['a', 'b', 'c', 'd'])
    await taken('e', 3)
    expect(written).toHaveLength(4)
  })

  it('are written again behind a proxy too, whose connections outlive the server', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    server.nowMs += 999
    await taken('b', 1)
    expect(written).toEqual([])
    server.nowMs += 1
    await taken('c', 1)
    expect(written).toEqual(['a', 'b', 'c'])
  })

  it('are tried again until they are written: nobody is told before', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    server.fails = true
    await expect(taken('b', 2)).rejects.toThrow('away')
    server.fails = false
    await taken('c', 2)
    expect(written).toEqual(['a', 'b', 'c'])
  })

  it('are written once where two are taken at the same time', async () => {
    const { server, written, taken } = pretended()
    await taken('a', 1)
    server.started = 'second'
    await Promise.all([taken('b', 2), taken('c', 2)])
    expect(written.filter((text) => text === 'a')).toEqual(['a'])
  })

  it('are bounded: the oldest go', async () => {
    const { server, written, taken } = pretended(10)
    for (const text of ['aaaa', 'bbbb', 'cccc']) await taken(text, 1)
    server.started = 'second'
    await taken('d', 2)
    expect(written).toEqual(['bbbb', 'cccc', 'd'])
  })
})

/** An entry of the log of which only the beginning came to the disk: type 1, 4,096 bytes to come (wal.go, WALSegmentWriter.Write). */
const tornEntry = Buffer.concat([Buffer.from([1, 0, 0, 16, 0]), Buffer.alloc(500, 7)])

describeWith(['influxd'], 'An InfluxDB 1.x that died while it wrote its log', () => {
  let parent: string
  let server: InfluxServer

  beforeEach(async () => {
    parent = mkdtempSync(join(tmpdir(), 'tanbiao-kept-'))
    server = await startInflux(parent)
  })
  afterEach(async () => {
    await server.remove()
    rmSync(parent, { recursive: true })
  })

  const open = () =>
    openInflux1Readings({
      url: new URL(`http://127.0.0.1:${server.port}`),
      database: 'park',
      create: true,
    })

  /** kill -9 while an entry of its log was written. */
  async function dieWithinAnEntry(): Promise<void> {
    await server.kill()
    const segments = readdirSync(parent, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.wal') && name.includes('park'),
    )
    expect(segments).toHaveLength(1)
    for (const segment of segments) appendFileSync(join(parent, segment), tornEntry)
    await server.start()
  }

  test('loses what it acknowledged since, when it dies again; what tanbiao wrote is there again with its next write', async () => {
    const store = await open()
    const counts = async (): Promise<unknown[]> =>
      (await store.readings('m-1', register, everything)).map((reading) =>
        reading.quality === 'bad' || typeof reading.value === 'number' ? undefined : reading.value.count,
      )
    await store.append([counted(0, 1)])
    await dieWithinAnEntry()
    await store.append([counted(1, 2)])
    expect(await counts()).toEqual([1, 2])
    await server.kill()
    await server.start()
    // Acknowledged, and gone: were this to hold the second reading too, InfluxDB had been mended.
    expect(await counts()).toEqual([1])
    await store.append([counted(2, 3)])
    expect(await counts()).toEqual([1, 2, 3])
    await store.close()
  })

  test('started twice before anybody writes it loses nothing', async () => {
    const store = await open()
    await store.append([counted(0, 1)])
    await dieWithinAnEntry()
    await server.stop()
    await server.start()
    const other = await open()
    await other.append([counted(1, 2)])
    await server.kill()
    await server.start()
    expect(await other.readings('m-1', register, everything)).toHaveLength(2)
    await Promise.all([store.close(), other.close()])
  })
})
