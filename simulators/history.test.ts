import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { sample as sampleSchema, SAMPLES_PER_BATCH_MAX } from '#contract/messages.ts'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoGatewayPaths, demoParkPath } from './demo.test-support.ts'
import { writeHistory } from './history-files.ts'
import { historyMeters, historyOf, partsOf } from './history.ts'
import { makePlant } from './plant.ts'
import { demoScenarioPath, readScenario } from './scenario.ts'

const park = readParkFile(demoParkPath)
const plant = makePlant(readScenario(demoScenarioPath).value, park)
const meters = historyMeters(
  park,
  demoGatewayPaths.map((file) => readGatewayFile(file).value),
)
const T0 = Date.UTC(2026, 3, 1)

describe('The parts of a past', () => {
  const line = fc.integer({ min: 1, max: 5_000 }).map((slots) => T0 + slots * SLOT_MS)

  it('cover it newest first, each quarter of an hour in exactly one of them', () => {
    fc.assert(
      fc.property(line, line, (a, b) => {
        fc.pre(a !== b)
        const period = { fromMs: Math.min(a, b), toMs: Math.max(a, b) }
        const parts = partsOf(period)
        expect(parts[0]?.toMs).toBe(period.toMs)
        expect(parts.at(-1)?.fromMs).toBe(period.fromMs)
        for (const [index, part] of parts.entries()) {
          const newer = parts[index - 1]
          if (newer !== undefined) expect(part.toMs).toBe(newer.fromMs)
        }
        for (const atMs of [period.fromMs, period.toMs, ...parts.map(({ fromMs }) => fromMs)]) {
          expect(parts.filter((part) => part.fromMs <= atMs && atMs <= part.lastMs)).toHaveLength(1)
        }
      }),
    )
  })
})

describe('A past', () => {
  it('has of each meter its registers and its power at each quarter of an hour', () => {
    const [part] = partsOf({ fromMs: T0, toMs: T0 + DAY_MS })
    if (part === undefined) throw new RangeError('no part')
    const pasts = [...historyOf(plant, meters, part)]
    expect(pasts.map(({ meter }) => meter)).toEqual(meters.map(({ meter }) => meter))
    for (const { meter, samples } of pasts) {
      expect(samples.length).toBeLessThanOrEqual(SAMPLES_PER_BATCH_MAX)
      for (const [index, sample] of samples.entries()) {
        expect(sampleSchema.safeParse(sample).success).toBe(true)
        expect(sample.atMs % SLOT_MS).toBe(0)
        expect(sample.quality).toBe('simulated')
        if (index > 0) expect(sample.atMs - (samples[index - 1]?.atMs ?? 0)).toBe(SLOT_MS)
        const { register = '', power = '' } = park.meters.get(meter) ?? {}
        expect(Object.keys(sample.values)).toEqual(expect.arrayContaining([register, power]))
      }
    }
  })

  it('begins with the installation of the meter', () => {
    const installedMs = T0 + 2.5 * SLOT_MS
    const late = meters.slice(0, 1).map((meter) => ({ ...meter, installedMs }))
    const [part] = partsOf({ fromMs: T0, toMs: T0 + DAY_MS })
    if (part === undefined) throw new RangeError('no part')
    expect([...historyOf(plant, late, part)][0]?.samples[0]?.atMs).toBe(T0 + 3 * SLOT_MS)
    const never = late.map((meter) => ({ ...meter, installedMs: T0 + 2 * DAY_MS }))
    expect([...historyOf(plant, never, part)]).toEqual([])
  })
})

describe('The files of a past', () => {
  it('are those of the series that were replayed: other numbers are another past', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-history-'))
    const write = (values: readonly number[]): Promise<boolean> =>
      writeHistory({
        scenario: {
          ...readScenario(demoScenarioPath).value,
          series: new Map([
            [
              'press-feed',
              { kind: 'instantaneous', times: Float64Array.of(1, 2), values: Float64Array.from(values) },
            ],
          ]),
        },
        park,
        gateways: [],
        period: { fromMs: T0, toMs: T0 + SLOT_MS },
        folder,
        signal: new AbortController().signal,
      })
    try {
      expect(await write([1, 2])).toBe(true)
      expect(await write([1, 2])).toBe(true)
      await expect(write([1, 3])).rejects.toMatchObject({ code: 'folder-unusable' })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
