import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock as clock } from '#cli/system-clock.ts'
import { Asker } from '#edge/commission/asker.ts'
import { identify, type Identification } from '#edge/commission/identify.ts'
import { watch } from '#edge/commission/watch.ts'
import { lineOf } from '#edge/lines.ts'
import type { MeterServer } from '#simulators/meter-server.ts'
import { library, maps, serveAll, unitOf } from './support/all-meters.ts'
import { until } from './support/until.ts'

const log = pino({ level: 'silent' })

/** Profiles that no register tells apart: the same addresses with another medium in the pipe. */
const alike: Readonly<Record<string, readonly string[]>> = {
  'bell-vfm60-air': ['bell-vfm60-air', 'bell-vfm60-water'],
  'bell-vfm60-water': ['bell-vfm60-air', 'bell-vfm60-water'],
}

describe.each([
  ['under load', 48.7, 0],
  ['under a small load', 0.4, 0.6],
  ['without load', 0, 0.2],
])('A simulated meter %s', (_name, loadKw, seed) => {
  let server: MeterServer
  let asker: Asker
  beforeAll(async () => {
    server = await serveAll(loadKw, seed)
    const transport = { kind: 'tcp', host: '127.0.0.1', port: server.port } as const
    asker = new Asker(lineOf(transport, { clock, log, random: Math.random }), {
      transport,
      clock,
      timeoutMs: 2_000,
    })
  })
  afterAll(async () => {
    asker.close()
    await server.stop()
  })

  const ask = (id: string): Promise<Identification> =>
    identify({
      unit: unitOf(id),
      maps,
      asker,
      atMs: () => clock.wallMs(),
      signal: new AbortController().signal,
    })

  it.each(maps.map(({ id }) => id))(
    '%s is identified, or left open with those that are alike',
    async (id) => {
      const { candidates, questions, cutShort } = await ask(id)
      expect(candidates.map(({ map }) => map.id)).toEqual(alike[id] ?? [id])
      expect(questions).toBeLessThanOrEqual(150)
      expect(cutShort).toBeUndefined()
    },
  )
})

it('a watched meter that falls silent keeps its value with the cause beside it, and others go on', async () => {
  const server = await serveAll(10, 0.3)
  const stopping = new AbortController()
  const transport = { kind: 'tcp', host: '127.0.0.1', port: server.port } as const
  const watched = ['eastron-sdm120', 'eastron-sdm630'].map((id) => ({
    meter: id,
    unit: unitOf(id),
    map: library.load(id),
    quantities: ['voltage.l1', 'frequency'] as const,
  }))
  const live = watch({
    // An answer is in time also when the machine is busy.
    lines: [{ transport, timeoutMs: 2_000, meters: watched }],
    everyMs: 10,
    open: (to) => lineOf(to, { clock, log, random: Math.random }),
    clock,
    signal: stopping.signal,
  })
  const [first, second] = [() => live.now()[0], () => live.now()[1]]
  await until(() => (first()?.values.length === 2 && second()?.values.length === 2 ? true : undefined))
  expect(first()).toMatchObject({
    errorRate: 0,
    values: [{ latest: { quality: 'good' } }, { latest: { quality: 'good' } }],
  })
  const goodMs = first()?.values[0]?.value?.atMs ?? Number.NaN
  server.silence('eastron-sdm120')
  await until(() =>
    first()?.values.every(({ latest }) => latest.quality === 'bad') === true ? true : undefined,
  )
  const before = second()?.requests ?? 0
  await until(() => ((second()?.requests ?? 0) > before ? true : undefined))
  const { values = [], errorRate = 0 } = first() ?? {}
  expect(errorRate).toBeGreaterThan(0)
  expect(values.map(({ latest }) => latest)).toEqual(
    values.map(({ quantity }) => expect.objectContaining({ quantity, quality: 'bad', cause: 'timeout' })),
  )
  for (const { value, latest } of values) {
    expect(value?.atMs).toBeGreaterThanOrEqual(goodMs)
    expect(value?.atMs).toBeLessThan(latest.atMs)
  }
  expect(second()).toMatchObject({
    errorRate: 0,
    values: [{ latest: { quality: 'good' } }, { latest: { quality: 'good' } }],
  })
  stopping.abort()
  await live.ended
  await server.stop()
})
