import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import {
  bench,
  commitAt,
  parkOfMeters,
  register,
  registerReading,
  T0,
  type Bench,
} from './bookkeeping.test-support.ts'
import { Recomputation } from './recomputation.ts'

let place: Bench

beforeEach(async () => {
  place = await bench()
})
afterEach(() => place.remove())

const day = { fromMs: T0, toMs: T0 + 96 * SLOT_MS }

test('many meters that cannot be computed keep no other meter waiting, and stay dirty', async () => {
  const broken = Array.from({ length: 600 }, (_, index) => `broken-${index}`)
  const park = parkOfMeters([...broken, 'sound'])
  // Two resolutions with no common count that is exact.
  await place.store.append(
    broken.flatMap((meter) => [
      registerReading(meter, T0, 9_000_000_000_000_000, '1'),
      registerReading(meter, T0 + 1_000, 9_000_000_000_000_000, '0.000000001'),
    ]),
  )
  place.books.follow([commitAt(1, T0, broken)], T0)
  await place.store.append([0, SLOT_MS].map((ms) => registerReading('sound', T0 + ms, ms / 1_000)))
  place.books.follow([commitAt(2, T0 + SLOT_MS, ['sound'])], T0 + SLOT_MS)

  const recomputation = new Recomputation({ ...place, park })
  await recomputation.work(1_000)
  expect(place.books.intervals('sound', register, day)).toMatchObject([
    { state: 'known', energy: { count: 900 } },
    { state: 'missing' },
  ])
  expect(place.books.dirtyWindows(1_000)).toHaveLength(600)
  const failures = (): number => place.logged.filter((line) => line.includes('amount-overflow')).length
  expect(failures()).toBe(600)
  await recomputation.work(1_000)
  expect(failures()).toBe(1_200)
})

test('a turn ends when its time is over, and the next one goes on with the same pass', async () => {
  const meters = Array.from({ length: 5 }, (_, index) => `m-${index}`)
  place.books.follow([commitAt(1, T0, meters)], T0)
  const store = {
    ...place.store,
    registerSeries: async () => {
      place.clock.advance(400)
      return { before: undefined, within: [], after: undefined }
    },
  }
  const recomputation = new Recomputation({ ...place, store, park: parkOfMeters(meters) })
  await recomputation.turn(1_000)
  expect(place.books.dirtyWindows(10), 'nothing is due yet').toHaveLength(5)
  place.clock.advance(4_000)
  // A meter at a boundary is asked four times: import and export, active and reactive.
  await recomputation.turn(1_000)
  expect(place.books.dirtyWindows(10)).toHaveLength(4)
  for (const _ of meters) await recomputation.turn(1_000)
  expect(place.books.dirtyWindows(10)).toEqual([])
})

test('a slot that is computed every minute while it lasts has one revision, and a late reading makes another', async () => {
  const recomputation = new Recomputation({ ...place, park: parkOfMeters(['m-1']) })
  const readAndCompute = async (seq: number, atMs: number): Promise<void> => {
    await place.store.append([registerReading('m-1', atMs, (atMs - T0) / 1_000)])
    place.books.follow([commitAt(seq, atMs, ['m-1'])], place.clock.wallMs())
    await recomputation.work(1_000)
  }
  for (let minute = 0; minute <= 20; minute += 1) {
    place.clock.stepWall(T0 + minute * 60_000)
    await readAndCompute(minute + 1, T0 + minute * 60_000)
  }
  expect(place.books.revisions('m-1', register, T0)).toMatchObject([
    { revision: 1, energy: { count: 900 }, method: 'measured', coverage: 1 },
  ])
  place.clock.stepWall(T0 + 2 * SLOT_MS + SETTLE_MS)
  await readAndCompute(30, T0 + 21 * 60_000)
  expect(place.books.revisions('m-1', register, T0 + SLOT_MS)).toMatchObject([
    { revision: 1, energy: { count: 300 } },
    { revision: 2, energy: { count: 360 } },
  ])
})

test('a replacement that is entered in the park file later explains what was undecided', async () => {
  const compute = async (park: Park): Promise<void> => {
    const recomputation = new Recomputation({ ...place, park })
    recomputation.useParkFile()
    await recomputation.work(1_000)
  }
  const park = parkOfMeters(['m-1'])
  place.clock.stepWall(T0 + 86_400_000)
  await place.store.append([
    registerReading('m-1', T0, 50_000),
    registerReading('m-1', T0 + 60_000, 50_100),
    registerReading('m-1', T0 + 180_000, 30),
    registerReading('m-1', T0 + SLOT_MS, 900),
  ])
  const record = { ...commitAt(1, T0), touched: [{ meter: 'm-1', fromMs: T0, toMs: T0 + SLOT_MS }] }
  place.books.follow([record], place.clock.wallMs())
  await compute(park)
  const slot = () => place.books.intervals('m-1', register, { fromMs: T0, toMs: T0 + 1 })
  expect(slot()).toMatchObject([{ energy: { count: 970 }, undecided: [{ reason: 'register-decreased' }] }])

  const event = {
    kind: 'replacement' as const,
    at: new Date(T0 + 120_000).toISOString(),
    quantity: register,
    final: { count: 50_150, resolution: '0.01' },
    initial: { count: 10, resolution: '0.01' },
  }
  const meters = new Map([...park.meters].map(([id, meter]) => [id, { ...meter, events: [event] }]))
  await compute({ ...park, meters })
  expect(slot()).toMatchObject([{ energy: { count: 150 + 890 }, undecided: [], revision: 2 }])
  await compute({ ...park, meters })
  expect(slot()).toMatchObject([{ revision: 2 }])
})

test('days that are over are summed in the background, and none is left when a pass ends', async () => {
  const recomputation = new Recomputation({ ...place, park: parkOfMeters(['m-1']) })
  await place.store.append(
    [0, 1, 2].map((days) => registerReading('m-1', T0 + days * 96 * SLOT_MS, days * 100)),
  )
  const record = { ...commitAt(1, T0), touched: [{ meter: 'm-1', fromMs: T0, toMs: T0 + 2 * 96 * SLOT_MS }] }
  place.clock.stepWall(T0 + 5 * 96 * SLOT_MS)
  place.books.follow([record], place.clock.wallMs())
  await recomputation.work(60_000)
  expect(place.books.settleDays(place.clock.wallMs(), 100)).toBe(0)
  const days = place.books.daySums('m-1', register, { fromMs: 0, toMs: place.clock.wallMs() })
  expect(days.reduce((energy, { sum }) => energy + (sum.energy?.count ?? 0), 0)).toBe(200)
})

test('a meter with a formula follows its inputs: at first, revision by revision, and missing where one is missing', async () => {
  const both = parkOfMeters(['m-1', 'm-2'])
  const [first] = both.meters.values()
  if (first === undefined) throw new RangeError('no meter')
  const rest = { ...first, id: 'rest', gateway: undefined, formula: 'm-1 - m-2' }
  const later = { ...first, id: 'later', gateway: undefined, formula: '0.5 * rest' }
  const park = { ...both, meters: new Map([...both.meters, ['rest', rest], ['later', later]]) }
  const compute = async (): Promise<void> => {
    const recomputation = new Recomputation({ ...place, park })
    recomputation.useParkFile()
    await recomputation.work(60_000)
  }
  const append = async (
    seq: number,
    meter: string,
    lines: readonly (readonly [slots: number, count: number])[],
  ) => {
    const readings = lines.map(([slots, count]) => registerReading(meter, T0 + slots * SLOT_MS, count))
    await place.store.append(readings)
    const touched = readings.map(({ atMs }) => ({ meter, fromMs: atMs, toMs: atMs }))
    place.books.follow([{ ...commitAt(seq, T0 + seq), touched }], place.clock.wallMs())
  }
  const slots = (meter: string) =>
    place.books.intervals(meter, register, { fromMs: T0, toMs: T0 + 2 * SLOT_MS })
  place.clock.stepWall(T0 + 86_400_000)
  await append(1, 'm-1', [
    [0, 0],
    [1, 1_000],
    [2, 2_000],
  ])
  await append(2, 'm-2', [
    [0, 0],
    [1, 400],
  ])
  await new Recomputation({ ...place, park: both }).work(60_000)
  // The formula is entered in the park file when there are intervals already.
  await compute()
  expect(slots('rest')).toMatchObject([
    {
      energy: { count: 600 },
      inputs: [
        { meter: 'm-1', revision: 1 },
        { meter: 'm-2', revision: 1 },
      ],
    },
    { cause: 'input-missing' },
  ])
  expect(slots('later')).toMatchObject([
    { energy: { count: 600, resolution: '0.005' } },
    { state: 'missing' },
  ])
  await append(3, 'm-2', [[2, 500]])
  await compute()
  expect(slots('rest')).toMatchObject([
    { energy: { count: 600 }, revision: 1 },
    { energy: { count: 900 }, revision: 2, inputs: [{ revision: 1 }, { revision: 2 }] },
  ])
  expect(slots('later')).toMatchObject([{ revision: 1 }, { energy: { count: 900 }, revision: 2 }])
  expect(place.books.dirtyWindows(10)).toEqual([])
})

test('meters whose formulas go round in a circle have no intervals and keep nobody busy', async () => {
  const both = parkOfMeters(['m-1'])
  const [first] = both.meters.values()
  if (first === undefined) throw new RangeError('no meter')
  const virtual = (id: string, formula: string) => ({ ...first, id, gateway: undefined, formula })
  const park = {
    ...both,
    meters: new Map([...both.meters, ['a', virtual('a', 'm-1 + b')], ['b', virtual('b', 'a')]]),
  }
  const recomputation = new Recomputation({ ...place, park })
  await place.store.append([registerReading('m-1', T0, 0), registerReading('m-1', T0 + SLOT_MS, 900)])
  place.books.follow([commitAt(1, T0, ['m-1'])], place.clock.wallMs())
  await recomputation.work(60_000)
  recomputation.useParkFile()
  await recomputation.work(60_000)
  expect(place.books.dirtyWindows(10)).toEqual([])
  expect(place.books.intervals('a', register, { fromMs: 0, toMs: T0 + 86_400_000 })).toEqual([])
})

test('a meter whose intervals cannot be recorded stops neither the loop nor its neighbours, and is named', async () => {
  const park = parkOfMeters(['broken', 'sound'])
  for (const meter of ['broken', 'sound'])
    await place.store.append([registerReading(meter, T0, 0), registerReading(meter, T0 + SLOT_MS, 900)])
  const touched = ['broken', 'sound'].map((meter) => ({ meter, fromMs: T0, toMs: T0 + SLOT_MS }))
  place.books.follow([{ ...commitAt(1, T0 + SLOT_MS), touched }], T0 + SLOT_MS)
  const { books } = place
  const recordAll = books.recordAll.bind(books)
  vi.spyOn(books, 'recordAll').mockImplementation((works, ...rest) => {
    if (works.some(({ window }) => window.meter === 'broken')) throw new RangeError('no such interval')
    return recordAll(works, ...rest)
  })
  await new Recomputation({ ...place, park }).work(1_000)
  expect(books.intervals('sound', register, day)).toMatchObject([{ energy: { count: 900 } }, {}])
  expect(books.dirtyWindows(10)).toMatchObject([{ meter: 'broken' }])
  expect(place.logged.filter((line) => line.includes('"meter":"broken"'))).toHaveLength(1)
})

test.each([1e14, 1e303])(
  'a power of %s is no power: it covers nothing, and its neighbours count',
  async (value) => {
    const both = parkOfMeters(['m-1', 'm-2'])
    const [first] = both.meters.values()
    if (first === undefined) throw new RangeError('no meter')
    const flow = {
      ...first,
      energyFrom: 'power' as const,
      power: 'activePower.total' as const,
      gapSeconds: 60,
    }
    const park = { ...both, meters: new Map([...both.meters, ['m-1', flow]]) }
    const at = (second: number, power: number) =>
      ({
        meter: 'm-1',
        quantity: 'activePower.total',
        atMs: T0 + second * 1_000,
        quality: 'good',
        value: power,
      }) as const
    await place.store.append([at(0, 36), at(30, 36), at(60, value), at(90, 36), at(120, 36), at(150, 36)])
    place.books.follow(
      [{ ...commitAt(1, T0), touched: [{ meter: 'm-1', fromMs: T0, toMs: T0 + 150_000 }] }],
      T0 + SLOT_MS,
    )
    await new Recomputation({ ...place, park }).work(1_000)
    expect(place.books.dirtyWindows(10)).toEqual([])
    // Two minutes and a half at 36 kW: the two half minutes around the value are within the gap that is allowed.
    expect(place.books.intervals('m-1', register, { fromMs: T0, toMs: T0 + 1 })).toMatchObject([
      { energy: { count: 1_500_000, resolution: '0.000001' } },
    ])
  },
)

test('a start with a park file that lacks a meter loses nothing of what is to be computed', async () => {
  const park = parkOfMeters(['m-1', 'm-2'])
  new Recomputation({ ...place, park }).useParkFile()
  await place.store.append([0, 4].map((slots) => registerReading('m-2', T0 + slots * SLOT_MS, slots * 100)))
  const touched = [{ meter: 'm-2', fromMs: T0, toMs: T0 + 4 * SLOT_MS }]
  place.clock.stepWall(T0 + 9 * SLOT_MS)
  place.books.follow([{ ...commitAt(1, T0 + 5 * SLOT_MS), touched }], place.clock.wallMs())
  const wrong = new Recomputation({ ...place, park: parkOfMeters(['m-1']) })
  wrong.useParkFile()
  await wrong.work(1_000)
  await wrong.work(1_000)
  expect(place.logged.filter((line) => line.includes('not in the park file'))).toHaveLength(1)
  const right = new Recomputation({ ...place, park })
  right.useParkFile()
  await right.work(1_000)
  const slots = place.books.intervals('m-2', register, { fromMs: T0, toMs: T0 + 4 * SLOT_MS })
  expect(slots.map((each) => each.state === 'known' && each.energy.count)).toEqual([100, 100, 100, 100])
  expect(place.books.dirtyWindows(10)).toEqual([])
})

test('readings of a sensor leave nothing to compute', async () => {
  const park = parkOfMeters(['m-1'], ['weather'])
  await place.store.append([
    { meter: 'weather', quantity: 'outdoorTemperature', atMs: T0, quality: 'good', value: -4.5 },
  ])
  place.books.follow([commitAt(1, T0, ['weather'])], T0)
  const recomputation = new Recomputation({ ...place, park })
  await recomputation.work(1_000)
  expect(place.books.dirtyWindows(10)).toEqual([])
  expect(place.books.counts().revisionsWritten).toBe(0)
  expect(place.logged.filter((line) => line.includes('weather'))).toEqual([])
})

test('a clock that is ahead for a moment has nothing estimated for the time to come', async () => {
  const park = parkOfMeters(['m-1'])
  const [first] = park.meters.values()
  if (first === undefined) throw new RangeError('no meter')
  const estimating = { ...first, estimate: { method: 'weekday-profile' as const, weeks: 2 } }
  const weeks = Array.from({ length: 2 * 7 * 96 + 1 }, (_, slot) =>
    registerReading('m-1', T0 + slot * SLOT_MS, slot * 100),
  )
  const endMs = T0 + 14 * 86_400_000
  await place.store.append(weeks)
  place.clock.stepWall(endMs + 60_000)
  const touched = [{ meter: 'm-1', fromMs: T0, toMs: endMs }]
  place.books.follow([{ ...commitAt(1, endMs), touched }], endMs)
  const recomputation = new Recomputation({
    ...place,
    park: { ...park, meters: new Map([['m-1', estimating]]) },
  })
  await recomputation.work(60_000)
  place.clock.stepWall(endMs + 30 * 86_400_000)
  await recomputation.work(60_000)
  const later = { fromMs: endMs + SLOT_MS, toMs: endMs + 40 * 86_400_000 }
  expect(place.books.intervals('m-1', register, later)).toEqual([])
  // Once something is committed again time has passed, and what was not read is estimated.
  place.clock.stepWall(endMs + 3_600_000)
  place.books.follow([commitAt(2, endMs + 3_600_000)], endMs + 3_600_000)
  await new Recomputation({ ...place, park: { ...park, meters: new Map([['m-1', estimating]]) } }).work(
    60_000,
  )
  expect(place.books.intervals('m-1', register, later).length).toBeGreaterThan(0)
})
