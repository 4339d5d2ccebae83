import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keepBooks } from '#cli/bookkeeping.ts'
import { deskOf } from '#cli/desk.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { smallPark } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench } from '../server.test-support.ts'
import { meterEvents } from './meter-care-shapes.ts'
import { enteredEvent } from './meter-decisions.ts'
import { faultBody } from './shapes.ts'

let bench: ServerBench
let books: Books
let store: ReadingStore

beforeEach(async () => {
  bench = new ServerBench()
  books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
  store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
  await bench.start({ books, desk: deskOf({ books, store, park: smallPark, clock: bench.clock }) })
  await bench.signIn()
})
afterEach(async () => {
  await bench.stop()
  books.close()
  await store.close()
})

const quantity = 'activeEnergyImport.total'
const at = (slots: number): string =>
  Temporal.Instant.fromEpochMilliseconds(dayStartMs + slots * SLOT_MS).toString()

/** The server's own way: commit records are followed, dirty windows computed. */
const keep = (): Promise<void> =>
  keepBooks({
    store,
    books,
    park: smallPark,
    clock: bench.clock,
    log: pino({ level: 'silent' }),
    signal: AbortSignal.abort(),
    onCommits: () => {},
  })

/** The register of a meter at lines of the day, in hundredths. */
async function read(meter: string, counts: readonly number[]): Promise<void> {
  await store.append(
    counts.map((count, index) => ({
      meter,
      quantity,
      atMs: dayStartMs + index * SLOT_MS,
      quality: 'good',
      value: { count, resolution: '0.01' },
    })),
  )
  books.markDirty([{ meter, fromMs: dayStartMs, toMs: dayStartMs + (counts.length - 1) * SLOT_MS }])
  await keep()
}
const slots = (meter: string, count: number): unknown[] =>
  books
    .intervals(meter, quantity, { fromMs: dayStartMs, toMs: dayStartMs + count * SLOT_MS })
    .map((each) => (each.state === 'known' ? each.energy.count : each.cause))
const events = async () => meterEvents.parse(await bench.get('/api/meters/forge-main/events')).events

async function ask(meter: string, body: object): Promise<Response> {
  return bench.change('POST', `/api/v1/meters/${meter}/events`, body)
}
async function refusalOf(answer: Response): Promise<unknown[]> {
  const { code, message } = faultBody.parse(await answer.json())
  return [answer.status, code, message]
}
const reset = { kind: 'reset', at: at(1.5), final: '8.00', initial: '0.00', reason: 'sheet 12' }

test('an undecided slot is decided by an event, and waits again when that is withdrawn', async () => {
  await read('forge-main', [0, 500, 100])
  expect(slots('forge-main', 2)).toEqual([500, 'undecided'])
  const answer = await ask('forge-main', reset)
  const { entry, although, standsUntilMs } = enteredEvent.parse(await answer.json())
  expect([answer.status, although, standsUntilMs]).toEqual([200, [], null])
  await keep()
  expect(slots('forge-main', 2)).toEqual([500, 400])
  expect(await events()).toMatchObject([
    { event: { kind: 'reset', quantity }, said: { entry, by: 'admin', why: 'sheet 12', withdrawn: false } },
  ])

  const path = `/api/v1/meters/forge-main/entries/${entry}/withdraw`
  expect((await bench.change('POST', path, { reason: 'the sheet is of another meter' })).status).toBe(204)
  await keep()
  expect(slots('forge-main', 2)).toEqual([500, 'undecided'])
  expect((await events()).map(({ said }) => said?.withdrawn)).toEqual([true])
  expect(await refusalOf(await ask('forge-main', reset))).toEqual([
    400,
    'request-invalid',
    expect.stringMatching('was withdrawn'),
  ])
  expect(
    bench.access
      .audit(10)
      .map(({ user, action }) => [user, action])
      .filter(([, action]) => action?.includes('/meters/')),
  ).toEqual([
    ['admin', 'POST /api/v1/meters/:id/events'],
    ['admin', 'POST /api/v1/meters/:id/entries/:entry/withdraw'],
    ['admin', 'POST /api/v1/meters/:id/events'],
  ])
})

test('what contradicts the readings is refused in the words of the request, and taken when a person insists', async () => {
  await read('forge-main', [0, 500, 100])
  const wrong = { ...reset, final: '4.00' }
  expect(await refusalOf(await ask('forge-main', wrong))).toEqual([
    409,
    'event-contradicts',
    expect.stringMatching(/before it 5\.00 kWh at .* were read, more than final 4\.00/),
  ])
  const insisted = enteredEvent.parse(await (await ask('forge-main', { ...wrong, anyway: true })).json())
  expect(insisted.although).toHaveLength(1)
})

test('an event without what it needs, of the future or of another quantity is refused by name', async () => {
  const { final: _, ...without } = reset
  expect(await refusalOf(await ask('forge-main', without))).toEqual([
    400,
    'request-invalid',
    'kind reset needs final',
  ])
  expect(await refusalOf(await ask('forge-main', { ...reset, at: at(90) }))).toEqual([
    400,
    'request-invalid',
    'at: lies in the future',
  ])
  expect(await refusalOf(await ask('forge-main', { ...reset, quantity: 'frequency' }))).toEqual([
    400,
    'request-invalid',
    'quantity: no energy of forge-main rests on frequency here',
  ])
  expect((await ask('nowhere', reset)).status).toBe(404)
})

test('an enterprise decides of its own meters alone, and withdraws only what it said itself', async () => {
  await read('forge-main', [0, 500, 100])
  const { entry } = enteredEvent.parse(await (await ask('forge-main', reset)).json())
  await keep()
  await bench.signInAsUserOf('forge')
  expect((await ask('chemical-main', reset)).status).toBe(404)
  const withdraw = async (meter: string, which: string): Promise<number> => {
    const path = `/api/v1/meters/${meter}/entries/${which}/withdraw`
    return (await bench.change('POST', path, { reason: 'wrong' })).status
  }
  expect(await withdraw('forge-main', entry)).toBe(403)
  expect(await withdraw('chemical-main', entry)).toBe(404)
  const own = enteredEvent.parse(
    await (await ask('forge-main', { kind: 'ignored', at: at(2), reason: 'the meter was taken out' })).json(),
  )
  await keep()
  expect((await events()).map(({ said }) => said?.by)).toEqual(['user of forge', 'admin'])
  expect(await withdraw('forge-main', own.entry)).toBe(204)
  expect(await withdraw('forge-main', 'f'.repeat(64))).toBe(404)
})
