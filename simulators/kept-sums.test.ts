import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { DAY_MS } from '#contract/duration.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoParkPath } from './demo.test-support.ts'
import { openKeptSums } from './kept-sums.ts'
import { makePlant } from './plant.ts'
import { demoScenarioPath, plantTime, readScenario, type Scenario } from './scenario.ts'

const park = readParkFile(demoParkPath)
const scenario = readScenario(demoScenarioPath).value
const { startMs } = plantTime(scenario)
const flows = Object.keys(scenario.flows)
const DAYS = 30

let folder: string
let told: unknown[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-sums-'))
  told = []
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const open = (of: Scenario = scenario) => openKeptSums(folder, of, (why) => told.push(why))

/** Keeps what a plant sums up to a day, and returns the name of the file. */
function keepUpTo(day: number, of: Scenario = scenario): string | undefined {
  const before = new Set(readdirSync(folder))
  const kept = open(of)
  const plant = makePlant(of, park, kept.daySums)
  for (const flow of flows) plant.energyAt(flow, startMs + day * DAY_MS)
  kept.keep()
  return readdirSync(folder).find((name) => !before.has(name))
}

it('a plant that goes on with kept sums is the same to the last bit, at any instant', () => {
  keepUpTo(DAYS / 2)
  const fresh = makePlant(scenario, park)
  const kept = open()
  const plant = makePlant(scenario, park, kept.daySums)
  fc.assert(
    fc.property(
      fc.constantFrom(...flows),
      fc.integer({ min: -DAY_MS, max: DAYS * DAY_MS }),
      (flow, sinceStartMs) => {
        expect(plant.energyAt(flow, startMs + sinceStartMs)).toBe(
          fresh.energyAt(flow, startMs + sinceStartMs),
        )
      },
    ),
  )
  expect(told).toEqual([])
})

it('keeps more when more was summed up, and leaves the file alone when not', () => {
  const name = keepUpTo(2) ?? ''
  const text = (): string => readFileSync(join(folder, name), 'latin1')
  const first = text()
  utimesSync(join(folder, name), 1, 1)
  keepUpTo(1)
  expect(text()).toBe(first)
  keepUpTo(5)
  expect(text().length).toBeGreaterThan(first.length)
  // Midnights before the days 0 to 5, and the one after the day that was asked in, which is laid out as a whole.
  expect(open().daySums.of('park-pv')).toHaveLength(7)
})

it('another scenario has sums of its own', () => {
  const [first, second] = [keepUpTo(2), keepUpTo(2, { ...scenario, seed: scenario.seed + 1 })]
  expect(second).toBeDefined()
  expect(second).not.toBe(first)
})

it.each([
  ['cut off', (content: Buffer) => content.subarray(0, content.length - 8)],
  ['changed', (content: Buffer) => Buffer.concat([content.subarray(0, -1), Buffer.of(0x41)])],
  ['no text', () => Buffer.from('{')],
])('a file that is %s is told, and not used', (_, damage) => {
  const file = join(folder, keepUpTo(2) ?? '')
  writeFileSync(file, damage(readFileSync(file)))
  expect(open().daySums.count).toBe(0)
  expect(told).toHaveLength(1)
})

it('a folder that cannot be written is told', () => {
  const kept = openKeptSums(join(demoParkPath, 'no-folder'), scenario, (why) => told.push(why))
  makePlant(scenario, park, kept.daySums).energyAt('park-pv', startMs + 2 * DAY_MS)
  kept.keep()
  expect(told).toHaveLength(1)
})

it('only the newest files are left', () => {
  const names = Array.from({ length: 10 }, (_, index) => {
    const name = keepUpTo(1, { ...scenario, seed: index }) ?? ''
    utimesSync(join(folder, name), index + 1, index + 1)
    return name
  })
  const last = keepUpTo(1, { ...scenario, seed: 99 }) ?? ''
  expect(new Set(readdirSync(folder))).toEqual(new Set([last, ...names.slice(3)]))
})
