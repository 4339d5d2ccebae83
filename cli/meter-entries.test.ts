import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { parkOfMeters, register, registerReading, T0 } from './bookkeeping.test-support.ts'
import { CommitFollower } from './commit-follower.ts'
import { Recomputation } from './recomputation.ts'
import { withBooks } from './server-folder.ts'
import { energyEnter } from './verbs/energy-enter.ts'
import { entryWithdraw } from './verbs/entry-withdraw.ts'
import { eventAdd } from './verbs/event-add.ts'
import { eventList } from './verbs/event-list.ts'
import { readingEnter } from './verbs/reading-enter.ts'

let data: string
let printed: string[]
const park = parkOfMeters(['press'])

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'tanbiao-entries-'))
  writeFileSync(join(data, 'park.yaml'), stringify(park.description))
  printed = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(data, { recursive: true })
})

const where = (): string[] => ['--park', join(data, 'park.yaml'), '--data', data, '--meter', 'press']
const who = ['--by', 'energy manager', '--reason', 'photo of the display']
const at = (slots: number): string => Temporal.Instant.fromEpochMilliseconds(T0 + slots * SLOT_MS).toString()

/** What the server makes of it: commit records followed, dirty windows computed. */
async function slots(
  readings: readonly (readonly [slots: number, count: number])[] = [],
): Promise<unknown[]> {
  const store = await openReadingStore(`sqlite:${join(data, 'readings.sqlite')}`)
  const books = openBooks(join(data, 'books.sqlite'))
  const clock = new ManualClock(T0 + 10 * 86_400_000)
  try {
    const lines = readings.map(([slot, count]) => registerReading('press', T0 + slot * SLOT_MS, count))
    await store.append(lines)
    books.markDirty(lines.map(({ atMs }) => ({ meter: 'press', fromMs: atMs, toMs: atMs })))
    const parts = {
      store,
      books,
      park,
      clock,
      log: pino({ level: 'silent' }),
      signal: new AbortController().signal,
      onCommits: () => {},
    }
    await new CommitFollower(parts).follow()
    await new Recomputation(parts).work(60_000)
    return books
      .intervals('press', register, { fromMs: T0, toMs: T0 + 8 * SLOT_MS })
      .map((each) => (each.state === 'known' ? `${each.energy.count} ${each.method}` : each.cause))
  } finally {
    books.close()
    await store.close()
  }
}

test('the data folder of the demo has its server in a folder of its own; where there is no server nothing is entered', async () => {
  const server = join(data, 'server')
  mkdirSync(server)
  const store = await openReadingStore(`sqlite:${join(server, 'readings.sqlite')}`)
  openBooks(join(server, 'books.sqlite')).close()
  await readingEnter.run([...where(), '--at', at(2), '--value', '30.00', ...who])
  const [entered] = await store.readings('press', register, { fromMs: T0, toMs: T0 + 8 * SLOT_MS })
  await store.close()
  expect(entered).toMatchObject({ quality: 'manual', value: { count: 3_000, resolution: '0.01' } })
  await withBooks(data, (books) => expect(books.gapEntries(1)).toEqual([]))

  rmSync(server, { recursive: true })
  const refused = readingEnter.run([...where(), '--at', at(2), '--value', '30.00', ...who])
  await expect(refused).rejects.toMatchObject({ code: 'file-unreadable' })
  expect(readdirSync(data)).toEqual(['park.yaml'])
})

test('a register read by hand is a point of it, is listed with who and why, and can be taken back', async () => {
  expect(
    await slots([
      [0, 0],
      [4, 4_000],
    ]),
  ).toEqual(['1000 apportioned', '1000 apportioned', '1000 apportioned', '1000 apportioned', 'no-readings'])
  await readingEnter.run([...where(), '--at', at(2), '--value', '30.00', ...who])
  expect(printed.at(-1)).toBe('used as a point of the register')
  expect(await slots()).toEqual(['1500 manual', '1500 manual', '500 manual', '500 manual', 'no-readings'])
  await eventList.run(where())
  expect(printed.at(-1)).toMatch(
    /^[0-9a-f]{12} .* energy manager +reading +activeEnergyImport.total 30.00 kWh .* photo of the display$/,
  )
  const number = printed.at(-1)?.slice(0, 12) ?? ''
  await entryWithdraw.run([
    ...where(),
    '--entry',
    number,
    '--by',
    'auditor',
    '--reason',
    'wrong meter on the photo',
  ])
  expect(await slots()).toEqual([
    '1000 apportioned',
    '1000 apportioned',
    '1000 apportioned',
    '1000 apportioned',
    'no-readings',
  ])
  await expect(readingEnter.run([...where(), '--at', at(2), '--value', '30.00', ...who])).rejects.toThrow(
    'this very entry was withdrawn',
  )
})

test('a reading by hand that contradicts another one says so', async () => {
  await slots()
  const read = (moment: string, value: string) =>
    readingEnter.run([...where(), '--at', moment, '--value', value, ...who])
  await read(at(1), '30.00')
  expect(printed.at(-1)).toBe('used as a point of the register')
  await read(at(3), '3.10')
  expect(printed.at(-1)).toBe(
    'contradicts the readings around it (register-decreased); the stretch waits for a decision',
  )
})

test('what is taken back counts no more: not of another register, and not in the place of what stands', async () => {
  await slots([
    [0, 0],
    [4, 4_000],
  ])
  const read = (value: string, quantity: string = register) =>
    readingEnter.run([...where(), '--at', at(2), '--value', value, '--quantity', quantity, ...who])
  const withdraw = async (value: string): Promise<void> => {
    await eventList.run(where())
    const line = printed.findLast((each) => each.includes(` ${value} kWh`)) ?? ''
    await entryWithdraw.run([
      ...where(),
      '--entry',
      line.slice(0, 12),
      '--by',
      'auditor',
      '--reason',
      'misread',
    ])
  }
  await read('5.00', 'activeEnergyExport.total')
  await read('30.00')
  await slots()
  await withdraw('5.00')
  await read('35.00')
  const split = ['1500 manual', '1500 manual', '500 manual', '500 manual', 'no-readings']
  expect(await slots()).not.toEqual(split)
  await withdraw('35.00')
  expect(await slots()).toEqual(split)
})

test('a reading by hand that contradicts what was measured says so, and does not hide it', async () => {
  const third = SLOT_MS / 3
  expect(
    await slots([
      [0, 0],
      [1 / 3, 300],
      [2 / 3, 600],
      [1, 900],
      [9, 900],
    ]),
  ).toContain('900 measured')
  const minute = Temporal.Instant.fromEpochMilliseconds(T0 + third / 2).toString()
  await readingEnter.run([...where(), '--at', minute, '--value', '77.00', ...who])
  expect(printed.at(-1)).toBe('differs by 75.50 kWh from what was measured: 1.50 kWh; it changes no energy')
  expect(await slots()).toContain('900 measured')
  await readingEnter.run([...where(), '--at', at(5), '--value', '1.00', ...who])
  expect(printed.at(-1)).toBe(
    'contradicts the readings around it (register-decreased); the stretch waits for a decision',
  )
  await expect(readingEnter.run([...where(), '--at', at(1), '--value', '9.50', ...who])).rejects.toThrow(
    'showed 9.00',
  )
  await expect(
    readingEnter.run([...where(), '--at', '2999-01-01T00:00:00Z', '--value', '9.50', ...who]),
  ).rejects.toThrow('lies in the future')
})

test('a bill fills what is missing of its period', async () => {
  await slots([
    [0, 0],
    [1, 1_000],
  ])
  await energyEnter.run([...where(), '--from', at(0), '--to', at(4), '--energy', '40', ...who])
  expect(await slots()).toEqual(['1000 measured', '1000000 manual', '1000000 manual', '1000000 manual'])
  await expect(
    energyEnter.run([...where(), '--from', at(0), '--to', at(4.5), '--energy', '40', ...who]),
  ).rejects.toThrow('not at a quarter')
})

test('what is undecided is decided by an event', async () => {
  expect(
    await slots([
      [0, 500_000],
      [1, 100],
    ]),
  ).toEqual(['undecided', 'no-readings'])
  await eventAdd.run([...where(), '--kind', 'rollover', '--at', at(0.5), '--wraps-at', '5001.00', ...who])
  expect(await slots()).toEqual(['200 measured', 'no-readings'])
})

test('an event says what it needs, and none is taken that would change nothing', async () => {
  await slots([[0, 0]])
  const add = (...args: string[]): Promise<unknown> =>
    eventAdd.run([...where(), '--at', at(0.5), ...who, ...args])
  await expect(add('--kind', 'reset')).rejects.toThrow('--kind reset needs --final and --initial')
  await expect(add('--kind', 'ratio', '--before', '1', '--final', '0')).rejects.toThrow(
    '--kind ratio needs --after and --initial',
  )
  await expect(add('--kind', 'ignored', '--quantity', 'activePower.total')).rejects.toThrow(
    'no energy of press rests on activePower.total',
  )
  const [press] = park.description.meters
  const asFile = (over: object): void =>
    writeFileSync(
      join(data, 'park.yaml'),
      stringify({ ...park.description, meters: [{ ...press, power: 'activePower.total', ...over }] }),
    )
  asFile({ energyFrom: 'power' })
  await expect(add('--kind', 'replacement', '--final', '5', '--initial', '0')).rejects.toThrow(
    'only ratio, ignored can change it',
  )
  await expect(add('--kind', 'ignored')).rejects.toThrow('there is no reading that could be ignored')
  await add('--kind', 'ignored', '--anyway')
  await add('--kind', 'ratio', '--before', '1', '--after', '2')
  asFile({ energyFrom: 'advances' })
  await add('--kind', 'confirmed')
  await slots()
  await eventList.run(where())
  expect(printed.slice(-3).map((line) => line.replace(/^.*event  +| +photo.*$/g, ''))).toEqual([
    `ignored of activePower.total at ${at(0.5)}`,
    `ratio of activeEnergyImport.total at ${at(0.5)}: × 1 → × 2`,
    `confirmed of activeEnergyImport.total at ${at(0.5)}`,
  ])
})

test('an event that contradicts what was read or another event is refused with both, and taken when a person insists', async () => {
  await slots([
    [0, 5_000],
    [1, 5_500],
    [2, 300],
  ])
  const add = (...args: string[]): Promise<unknown> =>
    eventAdd.run([...where(), '--kind', 'replacement', '--at', at(1.5), ...who, ...args])
  const wrong = ['--final', '54.00', '--initial', '4.00']
  await expect(add(...wrong)).rejects.toMatchObject({
    code: 'event-contradicts',
    place: { path: `press replacement ${at(1.5)}` },
    message: [
      `It contradicts what is there: before it 55.00 kWh at ${at(1)} were read, more than --final 54.00`,
      `after it 3.00 kWh at ${at(2)} were read, less than --initial 4.00. Nothing was entered.`,
    ].join('; '),
  })
  await eventList.run(where())
  expect(printed).toHaveLength(1)

  const right = ['--final', '57.00', '--initial', '0.00']
  await add(...right)
  expect(await slots()).toEqual(['500 measured', '500 measured', 'no-readings'])
  await expect(add('--final', '57.01', '--initial', '0.00')).rejects.toThrow(
    `the replacement at ${at(1.5)} says what the register showed at this very moment`,
  )
  // Saying the same once more is no contradiction.
  await add(...right)

  const late = ['--kind', 'rollover', '--at', at(0.5), '--wraps-at', '9999.00', '--anyway']
  await eventAdd.run([...where(), ...who, ...late])
  expect(printed.at(-1)).toBe(
    `although it contradicts: from 50.00 kWh at ${at(0)} to 55.00 kWh at ${at(1)} nothing waits for a decision`,
  )
})

test('who speaks of a time whose readings were let go is told that it stands', async () => {
  await slots([
    [0, 0],
    [2, 3_000],
    [4, 7_000],
  ])
  await withBooks(data, (books) => books.loseReadings('press', T0 + 2 * SLOT_MS))
  await energyEnter.run([...where(), '--from', at(0), '--to', at(1), '--energy', '10', ...who])
  expect(printed.join('\n')).toMatch(/entered.*\nbut readings until 2026-06-01T00:30:00Z were let go/)
  printed.length = 0
  await readingEnter.run([...where(), '--at', at(1), '--value', '15.00', ...who])
  expect(printed.join('\n')).toMatch(/entered.*\nbut readings until 2026-06-01T00:30:00Z were let go/)
  expect(printed.join('\n')).not.toMatch(/used as/)
  printed.length = 0
  await energyEnter.run([...where(), '--from', at(6), '--to', at(7), '--energy', '10', ...who])
  expect(printed.join('\n')).not.toMatch(/let go/)
})
