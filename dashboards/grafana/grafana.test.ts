import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { CommitRecord } from '#contract/commit.ts'
import { HOUR_MS } from '#contract/duration.ts'
import type { RecordedInterval } from '#contract/interval.ts'
import type { Reading } from '#contract/reading.ts'
import { describeEachInflux, type InfluxPlace, type RunningInflux } from '#test/support/influx-kinds.ts'

const boardShape = z.looseObject({
  uid: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.string() })) }),
  panels: z.array(
    z.looseObject({
      title: z.string(),
      datasource: z.object({ uid: z.literal('tanbiao') }),
      targets: z.array(z.looseObject({ query: z.string() })).min(1),
    }),
  ),
})
const folder = join(import.meta.dirname, 'boards')
const boards = readdirSync(folder).map((file) =>
  boardShape.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
)

const answerShape = z.object({
  results: z.array(
    z.object({
      error: z.string().optional(),
      series: z
        .array(
          z.object({
            tags: z.record(z.string(), z.string()).optional(),
            columns: z.array(z.string()),
            values: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
          }),
        )
        .default([]),
    }),
  ),
})
type Series = z.output<typeof answerShape>['results'][number]['series']

/** Midnight in Shanghai. */
const dayMs = Date.UTC(2026, 5, 1, 16)
const days = 3
const meter = 'steel-incoming'
/** 10 kWh an hour, read every quarter of an hour. */
const kwhAt = (atMs: number): number => Math.round(((atMs - dayMs) / HOUR_MS) * 10 * 100)
const numbered = (quantity: Reading['quantity'], atMs: number, value: number): Reading => ({
  meter,
  quantity,
  atMs,
  quality: 'good',
  value,
})

function readingsAt(atMs: number): Reading[] {
  return [
    ...(['total', 'l1', 'l2', 'l3'] as const).map((phase) =>
      numbered(`activePower.${phase}`, atMs, phase === 'total' ? 10 : 10 / 3),
    ),
    ...(['l1', 'l2', 'l3'] as const).flatMap((phase) => [
      numbered(`voltage.${phase}`, atMs, 230),
      numbered(`current.${phase}`, atMs, 15),
    ]),
    numbered('powerFactor.total', atMs, 0.95),
    {
      meter,
      quantity: 'activeEnergyImport.total',
      atMs,
      quality: 'good',
      value: { count: kwhAt(atMs), resolution: '0.01' },
    },
    { meter: 'pump', quantity: 'activePower.total', atMs, quality: 'bad', cause: 'timeout' },
  ]
}

/** 2.5 kWh in every quarter of an hour but the third day's first, of which nothing is known. */
function intervals(): RecordedInterval[] {
  const all: RecordedInterval[] = []
  const register = { count: 0, resolution: '0.01' }
  for (let slotMs = dayMs; slotMs < dayMs + days * 24 * HOUR_MS; slotMs += HOUR_MS / 4) {
    const identity = {
      meter,
      quantity: 'activeEnergyImport.total',
      slotMs,
      revision: 1,
      undecided: [],
    } as const
    const point = { atMs: slotMs, register }
    const boundary = { ...point, method: 'measured', before: point, after: point } as const
    all.push(
      slotMs === dayMs + 48 * HOUR_MS
        ? { ...identity, state: 'missing', cause: 'no-readings' }
        : {
            ...identity,
            state: 'known',
            basis: 'register',
            energy: { count: 250, resolution: '0.01' },
            method: 'measured',
            coverage: 1,
            opening: boundary,
            closing: boundary,
            simulated: false,
            uncertain: false,
          },
    )
  }
  return all
}

describe('the boards', () => {
  test('have names of their own', () => {
    expect(boards.length).toBeGreaterThan(1)
    expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length)
  })
})

describeEachInflux('the boards on a real', ({ start }) => {
  let server: RunningInflux
  let place: InfluxPlace
  const commit: CommitRecord = {
    gateway: 'gw-east',
    epoch: 'e1',
    seq: 1,
    digest: 'a'.repeat(64),
    committedAtMs: dayMs + HOUR_MS,
    stored: 11,
    refused: [],
    touched: [],
  }

  beforeAll(async () => {
    server = await start()
    place = await server.newPlace(new URL(`http://127.0.0.1:${server.port}`), 30_000)
    const { store } = place
    for (let atMs = dayMs; atMs < dayMs + days * 24 * HOUR_MS; atMs += HOUR_MS / 4) {
      await store.append(readingsAt(atMs))
    }
    await store.appendCommits([commit])
    // Written together: joint where a gateway has two.
    await store.appendCommits(
      [
        { gateway: 'gw-east', seq: 2, stored: 20 },
        { gateway: 'gw-west', seq: 1, stored: 7 },
        { gateway: 'gw-east', seq: 3, stored: 300 },
        { gateway: 'gw-north', seq: 1, stored: 1 },
        { gateway: 'gw-north', seq: 2, stored: 1 },
      ].map((over) => ({ ...commit, ...over })),
    )
    await store.intervalCopy?.write([
      { meter, quantity: 'activeEnergyImport.total', mayReplace: false, intervals: intervals() },
    ])
    await store.close()
  })
  afterAll(() => server.remove())

  /** The series that InfluxDB answers when Grafana has put in what a dashboard of these days shows. */
  async function ask(query: string): Promise<Series> {
    const text = query
      .replaceAll('$timeFilter', `time >= ${dayMs}ms AND time < ${dayMs + days * 24 * HOUR_MS}ms`)
      .replaceAll('$__interval', '1h')
      .replaceAll('$meter', '(steel-incoming|pump)')
    const { results } = answerShape.parse(await place.influxQl(text))
    expect(results.map(({ error }) => error)).toEqual([undefined])
    return results[0]?.series ?? []
  }

  test.each(boards.flatMap(({ uid, panels }) => panels.map((panel) => ({ uid, ...panel }))))(
    '$uid: $title answers every query',
    async ({ targets }) => {
      for (const { query } of targets) {
        const values = (await ask(query)).flatMap((each) => each.values.map((row) => row.at(-1)))
        expect(values.filter((value) => typeof value === 'number').length, query).toBeGreaterThan(0)
      }
    },
  )

  test.each(boards.flatMap(({ templating }) => templating.list))('$name can be chosen', async ({ query }) => {
    const [tags] = await ask(query)
    expect(tags?.values.flat()).toContain(meter)
  })

  function queryOf(uid: string, title: RegExp): string {
    const query = boards
      .find((board) => board.uid === uid)
      ?.panels.find((panel) => title.test(panel.title))
      ?.targets.at(0)?.query
    if (query === undefined) throw new Error(`${uid} has no such panel`)
    return query
  }

  test('what was stored of a gateway is that of all its batches, however they were written', async () => {
    const query = queryOf('tanbiao-park', /Readings stored/).replace(/time\([^)]*\), /, '')
    const stored = (await ask(query)).map(({ tags, values }) => [tags?.['gateway'], values[0]?.[1]])
    expect(stored).toEqual([
      ['gw-east', 331],
      ['gw-north', 2],
      ['gw-west', 7],
    ])
  })

  test('energy of days is the advance of the register, and stands at its own day', async () => {
    const [series] = await ask(queryOf('tanbiao-park', /Energy of days, import/))
    // The first day has nothing before it to differ from.
    expect(series?.values).toEqual([
      [dayMs + 24 * HOUR_MS, 240],
      [dayMs + 48 * HOUR_MS, 240],
    ])
  })

  test('energy of days by intervals is their sum, and a missing slot is shown and in none', async () => {
    const [energy] = await ask(queryOf('tanbiao-park', /of the intervals/))
    expect(energy?.values).toEqual([
      [dayMs, 240],
      [dayMs + 24 * HOUR_MS, 240],
      [dayMs + 48 * HOUR_MS, 237.5],
    ])
    const [missing] = await ask(queryOf('tanbiao-park', /Slots that are missing/))
    expect(missing?.values).toEqual([[dayMs + 48 * HOUR_MS, 1]])
  })

  test('power is what was read, by meter', async () => {
    const series = await ask(queryOf('tanbiao-park', /Active power/))
    expect(series.map(({ tags }) => tags)).toEqual([{ meter }])
    expect(new Set(series[0]?.values.map((row) => row[1]))).toEqual(new Set([10]))
  })

  test('failed reads are counted where they were made', async () => {
    const [series] = await ask(queryOf('tanbiao-park', /Failed reads/))
    expect(series?.tags).toEqual({ meter: 'pump' })
    expect(series?.values[0]?.[1]).toBe(4)
  })
})
