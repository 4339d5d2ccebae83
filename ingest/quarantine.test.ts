import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '#contract/clock.ts'
import { HOUR_MS } from '#contract/duration.ts'
import type { Park } from '#contract/park.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { batchOf, epochOf, sampleOf, T0, testPark } from './ingest.test-support.ts'
import { discardQuarantined, replayQuarantined, type ReplayRequest } from './quarantine.ts'
import { validate } from './validate.ts'
import { writeGroup } from './write.ts'

const person = { by: 'an engineer', reason: 'looked at it on site' }
const EVER = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

let folder: string
let books: Books
let store: ReadingStore
const clock = new ManualClock(T0)

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-quarantine-'))
  books = openBooks(join(folder, 'books.sqlite'))
  store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
})
afterEach(async () => {
  books.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

/** What a worker and the owner of the books do with a payload. */
async function arrive(payload: Uint8Array, park: Park, gateway = 'gw-a'): Promise<void> {
  const topic = { park: 'park-1', gateway, leaf: 'live' as const }
  const digest = createHash('sha256').update(payload).digest('hex')
  const verdict = validate(payload, topic, park, T0)
  await writeGroup([{ delivery: { topic, payload, digest, receivedMs: T0 }, verdict }], store, clock, signal)
  await follow()
}
const { signal } = new AbortController()

async function follow(): Promise<void> {
  books.follow(await store.commitsSince(0, 1_000), T0 + 1_000_000)
}

async function replay(id: number, request: Partial<ReplayRequest> = {}, park = testPark()) {
  const result = await replayQuarantined(id, { ...person, ...request }, { books, store, park, clock })
  await follow()
  return result
}

const newest = (): number => books.quarantine(1)[0]?.id ?? 0
const open = () => books.quarantine(100, 'open').map(({ refusal }) => refusal.code)
const stored = async (meter: string) => await store.readings(meter, 'activePower.total', EVER)

/** The park as it was, without a meter or gateway that a person adds later. */
function without(what: { readonly meter?: string; readonly gateway?: string }): Park {
  const park = testPark()
  return {
    ...park,
    meters: new Map([...park.meters].filter(([id]) => id !== what.meter)),
    gateways: new Map([...park.gateways].filter(([id]) => id !== what.gateway)),
  }
}

describe('replaying what was refused', () => {
  it('a line of an imported file is taken for the gateway that reads its meter', async () => {
    const refusal = {
      code: 'register-impossible',
      detail: 'line 4: below zero',
      meter: 'meter-b',
      encoding: 'json',
      payload: JSON.stringify(sampleOf('meter-b', T0, -1)),
    } as const
    const digest = 'd'.repeat(64)
    const record = { gateway: 'import', epoch: null, seq: null, digest, committedAtMs: T0 }
    books.follow([{ ...record, stored: 0, touched: [], refused: [refusal] }], T0)
    const payload = JSON.stringify(sampleOf('meter-b', T0, 1))
    expect(await replay(newest(), { payload })).toEqual({ stored: 2, refused: [] })
    expect(await stored('meter-b')).toHaveLength(1)
  })

  it('a line that could not be read is put right as a sample; without one, or of a meter without a gateway, the file is the place', async () => {
    const refusal = {
      code: 'message-undecodable',
      detail: 'line 4: "12x" is no decimal',
      encoding: 'base64',
      payload: Buffer.from('meter-b,2026-06-01 08:00,12x').toString('base64'),
    } as const
    const record = { gateway: 'import', epoch: null, seq: null, digest: 'd'.repeat(64), committedAtMs: T0 }
    books.follow([{ ...record, stored: 0, touched: [], refused: [refusal] }], T0)
    const once = { code: 'quarantine-refused', message: expect.stringMatching(/import the file once more/) }
    await expect(replay(newest())).rejects.toMatchObject(once)
    const payload = JSON.stringify(sampleOf('meter-b', T0, 12))
    const park = testPark()
    const b = park.meters.get('meter-b')
    const unread = { ...park, meters: new Map(b === undefined ? [] : [[b.id, { ...b, gateway: undefined }]]) }
    await expect(replay(newest(), { payload }, unread)).rejects.toMatchObject(once)
    expect(await replay(newest(), { payload })).toEqual({ stored: 2, refused: [] })
    expect(open()).toEqual([])
  })

  it('a sample of an unknown meter is taken once the park file has it; twice is once', async () => {
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)]), without({ meter: 'meter-a' }))
    expect(open()).toEqual(['meter-unknown'])
    const id = newest()
    await expect(replay(id, {}, without({ meter: 'meter-a' }))).rejects.toMatchObject({
      code: 'quarantine-refused',
    })
    expect(await stored('meter-a')).toEqual([])
    expect(await replay(id)).toEqual({ stored: 2, refused: [] })
    expect(await stored('meter-a')).toHaveLength(1)
    expect(books.quarantineEntry(id)).toMatchObject({ state: 'replayed', decision: person })
    expect(books.dirtyWindows(10)).toContainEqual({ meter: 'meter-a', fromMs: T0, toMs: T0 })
    await expect(replay(id)).rejects.toMatchObject({ code: 'quarantine-closed' })
    expect(books.batchCount()).toBe(1)
    expect(books.holes()).toEqual([])
  })

  it('a payload of an unknown gateway is taken under its own number', async () => {
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)]), without({ gateway: 'gw-a' }))
    expect(open()).toEqual(['gateway-unknown'])
    expect(await replay(newest())).toEqual({ stored: 2, refused: [] })
    expect(open()).toEqual([])
    expect(books.batchCount()).toBe(1)
    expect(await stored('meter-a')).toHaveLength(1)
  })

  it('a payload that was put right fills the hole that it left, and is no second content of a number', async () => {
    const park = testPark()
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)]), park)
    await arrive(Buffer.from('{"v":1,"gateway":"gw-a","seq":2'), park)
    await arrive(batchOf('gw-a', 3, [sampleOf('meter-a', T0 + 2_000, 3)]), park)
    expect(books.holes()).toMatchObject([{ firstSeq: 2, lastSeq: 2, unnumbered: 1 }])
    const right = Buffer.from(batchOf('gw-a', 2, [sampleOf('meter-a', T0 + 1_000, 2)])).toString()
    expect(await replay(newest(), { payload: right })).toEqual({ stored: 2, refused: [] })
    expect(books.holes()).toEqual([])
    expect(open()).toEqual([])
    expect(await stored('meter-a')).toHaveLength(3)
    // A second repair under a number that has come: stored, and it takes no number.
    await arrive(Buffer.from('rubbish'), park)
    const late = Buffer.from(batchOf('gw-a', 3, [sampleOf('meter-a', T0 + 3_000, 4)])).toString()
    await replay(newest(), { payload: late })
    expect(open()).toEqual([])
    expect(books.batchCount()).toBe(3)
    expect(await stored('meter-a')).toHaveLength(4)
  })

  it('of a payload that is right in part the rest becomes an entry of its own', async () => {
    const park = testPark()
    await arrive(Buffer.from('rubbish'), park)
    const id = newest()
    const payload = Buffer.from(
      batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1), sampleOf('meter-b', T0, 1)]),
    ).toString()
    expect(await replay(id, { payload })).toMatchObject({ stored: 2, refused: [{ code: 'meter-foreign' }] })
    expect(open()).toEqual(['meter-foreign'])
    expect(books.quarantineEntry(id)).toMatchObject({ state: 'replayed', decision: { payload } })
  })

  it('a value beyond the rating is taken when a person says that it is true', async () => {
    const high = { meter: 'meter-a', atMs: T0, quality: 'good', values: { 'activePower.total': 151 } }
    await arrive(batchOf('gw-a', 1, [high]), testPark())
    const id = newest()
    await expect(replay(id)).rejects.toMatchObject({ code: 'quarantine-refused' })
    expect(await replay(id, { isRatingWaived: true })).toEqual({ stored: 1, refused: [] })
    expect(books.quarantineEntry(id)?.state).toBe('accepted')
    expect(await stored('meter-a')).toMatchObject([{ value: 151 }])
  })

  it('another’s data is taken only where a person says for whom', async () => {
    await arrive(batchOf('gw-b', 7, [sampleOf('meter-b', T0, 1)]), testPark())
    expect(open()).toEqual(['gateway-mismatch'])
    await expect(replay(newest())).rejects.toMatchObject({ code: 'quarantine-refused' })
    expect(await replay(newest(), { gateway: 'gw-b' })).toEqual({ stored: 2, refused: [] })
    expect(await stored('meter-b')).toHaveLength(1)
  })

  it('many faults of one payload are one entry: it stays open while nothing of it has become right', async () => {
    const samples = Array.from({ length: 200 }, (_, index) => sampleOf('meter-b', T0 + index, index))
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1), ...samples]), testPark())
    expect(open()).toEqual(['meter-foreign'])
    expect(await stored('meter-a')).toHaveLength(1)
    const id = newest()
    await expect(replay(id)).rejects.toMatchObject({ code: 'quarantine-refused' })
    const park = testPark()
    const meter = park.meters.get('meter-b')
    if (meter === undefined) throw new Error('the park has no meter-b')
    const moved = { ...park, meters: new Map([...park.meters, ['meter-b', { ...meter, gateway: 'gw-a' }]]) }
    expect(await replay(id, {}, moved)).toEqual({ stored: 402, refused: [] })
    expect(open()).toEqual([])
    expect(await stored('meter-b')).toHaveLength(200)
    expect(books.batchCount()).toBe(1)
  })

  it('time that was in the future stays so: waiting does not make it right', async () => {
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0 + 86_400_000, 1)]), testPark())
    clock.advance(2 * 86_400_000)
    await expect(replay(newest())).rejects.toMatchObject({ code: 'quarantine-refused' })
  })
})

describe('where the clock here was wrong', () => {
  beforeEach(() => clock.stepWall(T0))

  it('behind: a time that only seemed to be in the future is taken when a person says so', async () => {
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0 + HOUR_MS, 1)]), testPark())
    expect(open()).toEqual(['time-in-future'])
    clock.stepWall(T0 + HOUR_MS + 60_000)
    const id = newest()
    await expect(replay(id)).rejects.toMatchObject({ code: 'quarantine-refused' })
    expect(await replay(id, { isArrivalWaived: true })).toEqual({ stored: 2, refused: [] })
    expect(books.quarantineEntry(id)?.state).toBe('accepted')
    // What is still ahead of the right clock stays refused.
    await arrive(batchOf('gw-a', 2, [sampleOf('meter-a', T0 + 9 * HOUR_MS, 1)]), testPark())
    await expect(replay(newest(), { isArrivalWaived: true })).rejects.toMatchObject({
      code: 'quarantine-refused',
    })
  })

  it('ahead: what is replayed after it was set back is learned of all the same', async () => {
    clock.stepWall(T0 + HOUR_MS)
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)]), without({ gateway: 'gw-a' }))
    clock.stepWall(T0)
    await replay(newest())
    expect(books.dirtyWindows(10)).toContainEqual({ meter: 'meter-a', fromMs: T0, toMs: T0 })
  })
})

describe('letting it be', () => {
  it('keeps payload and reason, and is done once', async () => {
    await arrive(Buffer.from('rubbish'), testPark())
    const id = newest()
    discardQuarantined(id, person, { books, clock })
    expect(books.quarantineEntry(id)).toMatchObject({ state: 'discarded', decision: person })
    expect(Buffer.from(books.quarantineEntry(id)?.refusal.payload ?? '', 'base64').toString()).toBe('rubbish')
    expect(() => discardQuarantined(id, person, { books, clock })).toThrow(/was discarded by an engineer/)
    expect(() => discardQuarantined(99, person, { books, clock })).toThrow(/no entry 99/)
  })

  it('two contents under one number tell of themselves; there is nothing to replay', async () => {
    const park = testPark()
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0, 1)], epochOf('a')), park)
    await arrive(batchOf('gw-a', 1, [sampleOf('meter-a', T0 + 1_000, 1)], epochOf('a')), park)
    expect(open()).toEqual(['number-reused'])
    await expect(replay(newest())).rejects.toMatchObject({ code: 'quarantine-refused' })
    discardQuarantined(newest(), person, { books, clock })
    expect(open()).toEqual([])
  })
})
