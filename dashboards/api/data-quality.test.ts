import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { deskOf } from '#cli/desk.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { commitOf, knownInterval, smallPark } from '../small-park.test-support.ts'
import { dayStartMs, ServerBench, startMs } from '../server.test-support.ts'
import { closures, completeness, dataHealth, gapList, quarantineList } from './completeness-shapes.ts'
import { faultBody, quarantineLine } from './shapes.ts'

let bench: ServerBench
let books: Books
let store: ReadingStore

beforeEach(async () => {
  bench = new ServerBench()
  books = openBooks(join(bench.folder, 'books.sqlite'), 'Asia/Shanghai')
  store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
})
afterEach(async () => {
  await bench.stop()
  books.close()
  await store.close()
})

const register = 'activeEnergyImport.total'
const start = async (): Promise<void> => {
  await bench.start({ books, desk: deskOf({ books, store, park: smallPark, clock: bench.clock }) })
  await bench.signIn()
}
const record = (meter: string, indexes: readonly number[], count = 5_000): void => {
  books.record(
    { meter, fromMs: 1, toMs: 0 },
    indexes.map((index) => {
      const { revision: _, ...interval } = knownInterval(
        meter,
        register,
        dayStartMs + index * SLOT_MS,
        index * count,
        count,
      )
      return interval
    }),
    bench.clock.wallMs(),
  )
}
async function codeOf(answer: Response): Promise<string> {
  return faultBody.parse(await answer.json()).code
}

describe('completeness', () => {
  test('settled slots of each day beside those that are known; a slot under way is not expected yet', async () => {
    bench.clock.advance(5 * 60_000)
    record('forge-main', [0, 1, 3])
    await start()
    const { days, meters, calibration } = completeness.parse(
      await bench.json('/api/quality/completeness?month=2026-06'),
    )
    const at = days.indexOf('2026-06-02')
    const forge = meters.find(({ meter }) => meter === 'forge-main')
    // 01:05: four slots have settled; of the days before nothing is there, of those to come nothing is expected.
    expect([forge?.expected[at], forge?.known[at]]).toEqual([4, 3])
    expect([forge?.expected[at - 1], forge?.known[at - 1]]).toEqual([96, 0])
    expect([forge?.expected[at + 1], forge?.known[at + 1]]).toEqual([0, 0])
    expect(calibration).toContainEqual({ meter: 'forge-main', due: null })
  })

  test('a slot under way that is known already stands in for no other one, and is not counted as partial', async () => {
    bench.clock.advance(5 * 60_000)
    record('forge-main', [0, 1, 3])
    const { revision: _, ...underWay } = knownInterval('forge-main', register, startMs, 0, 10)
    const closing = { ...underWay.closing, atMs: startMs + 4 * 60_000 }
    books.record({ meter: 'forge-main', fromMs: 1, toMs: 0 }, [{ ...underWay, closing }], startMs)
    await start()
    const { days, meters } = completeness.parse(await bench.json('/api/quality/completeness?month=2026-06'))
    const at = days.indexOf('2026-06-02')
    const forge = meters.find(({ meter }) => meter === 'forge-main')
    expect([forge?.expected[at], forge?.known[at], forge?.partial[at]]).toEqual([4, 3, 0])
    const { slots } = dataHealth.parse(await bench.get('/api/quality/health'))
    expect(slots.known).toBe(3)
  })

  test('the health of the day counts all meters that the viewer sees, and nothing that has still to settle', async () => {
    bench.clock.advance(5 * 60_000)
    record('forge-main', [0, 1, 3, 4])
    await start()
    const ofPark = dataHealth.parse(await bench.get('/api/quality/health'))
    const electric = [...smallPark.meters.values()]
    // 01:05: four slots of every meter have settled, one of forge-main's is missing; the one under way is known, and
    // neither expected yet nor in the place of that one.
    expect(ofPark.slots).toEqual({ expected: 4 * electric.length, known: 3 })
    expect(ofPark).toMatchObject({ openGaps: 0, quarantined: 0, calibrationDue: electric.length })
    await bench.signInAsUserOf('chemical')
    const own = dataHealth.parse(await bench.get('/api/quality/health'))
    expect(own.slots).toEqual({ expected: 4 * 2, known: 0 })
    expect(own.quarantined).toBeNull()
  })

  test('more behind a meter than through it is over where accuracy classes do not explain it', async () => {
    record('forge-main', [0, 1, 2, 3], 5_000)
    record('forging-shop', [0, 1, 2, 3], 6_000)
    await start()
    const { lines } = closures.parse(await bench.json('/api/quality/closures?month=2026-06'))
    expect(lines.find(({ meter }) => meter === 'forge-main')).toMatchObject({
      feeds: ['forge-pv'],
      behind: ['forging-shop'],
      total: '200.00',
      totalBehind: '240.00',
      rest: '-40',
      // Nearly all of the month is not known.
      verdict: 'incomplete',
    })
  })
})

describe('gaps', () => {
  const gap = {
    kind: 'meter' as const,
    gateway: 'gw-east',
    meter: 'forge-main',
    first: dayStartMs,
    last: startMs - 1,
    fromMs: dayStartMs,
    toMs: startMs,
    cause: 'no-readings' as const,
  }

  test('are remarked on and accepted with name and reason, once, and the audit has it', async () => {
    books.changeGaps({ opened: [gap], changed: [] }, startMs)
    await start()
    const list = async (state: string) => gapList.parse(await bench.json(`/api/v1/gaps?state=${state}`))
    const [{ id } = { id: 0 }] = await list('open')
    expect(
      (await bench.change('POST', `/api/v1/gaps/${id}/remarks`, { text: 'technician is under way' })).status,
    ).toBe(204)
    expect((await bench.change('POST', `/api/v1/gaps/${id}/accept`, { reason: '' })).status).toBe(400)
    expect((await list('open'))[0]?.remarks).toMatchObject([{ by: 'admin', text: 'technician is under way' }])
    const accept = async () =>
      bench.change('POST', `/api/v1/gaps/${id}/accept`, { reason: 'the card is broken' })
    expect((await accept()).status).toBe(204)
    expect(await list('open')).toEqual([])
    expect((await list('accepted'))[0]?.decision).toMatchObject({ by: 'admin', reason: 'the card is broken' })
    const again = await accept()
    expect([again.status, await codeOf(again)]).toEqual([409, 'gap-closed'])
    expect(bench.access.audit(10).map(({ action, detail }) => [action, detail.slice(0, 3)])).toContainEqual([
      'POST /api/v1/gaps/:id/accept',
      '204',
    ])
  })
})

describe('an enterprise user', () => {
  test('sees, accepts and is told of what is its own, and quarantine is the park’s', async () => {
    const stretch = { first: dayStartMs, last: startMs - 1, fromMs: dayStartMs, toMs: startMs }
    const gap = { kind: 'meter' as const, cause: 'no-readings' as const, ...stretch }
    const opened = [
      { ...gap, gateway: 'gw-west', meter: 'chemical-main' },
      { ...gap, gateway: 'gw-east', meter: 'forge-main' },
      { ...gap, gateway: 'gw-east', kind: 'gateway' as const, cause: 'silent' as const },
    ]
    books.changeGaps({ opened, changed: [] }, startMs)
    await start()
    const all = gapList.parse(await bench.get('/api/v1/gaps'))
    expect(all).toHaveLength(3)
    await bench.signInAsUserOf('forge')
    expect(gapList.parse(await bench.get('/api/v1/gaps')).map(({ meter }) => meter)).toEqual(['forge-main'])
    const { meters } = completeness.parse(await bench.get('/api/quality/completeness?month=2026-06'))
    expect(meters.map(({ meter }) => meter)).not.toContain('chemical-main')
    const accept = async (of: string | undefined): Promise<number> => {
      const id = all.find(({ meter }) => meter === of)?.id
      return (await bench.change('POST', `/api/v1/gaps/${id}/accept`, { reason: 'known' })).status
    }
    expect(await accept('chemical-main')).toBe(404)
    expect(await accept(undefined)).toBe(404)
    expect(await accept('forge-main')).toBe(204)
    expect((await bench.change('POST', '/api/v1/quarantine/1/discard', { reason: 'x' })).status).toBe(403)
  })
})

describe('another enterprise', () => {
  test('crowds nobody’s gaps out', async () => {
    const stretch = { first: dayStartMs, last: startMs - 1, fromMs: dayStartMs, toMs: startMs }
    const gap = { kind: 'meter' as const, cause: 'no-readings' as const, ...stretch }
    const many = Array.from({ length: 600 }, (_, index) => {
      const [first, last] = [dayStartMs + 10 * index, dayStartMs + 10 * index + 5]
      return {
        ...gap,
        gateway: 'gw-west',
        meter: 'chemical-main',
        first,
        last,
        fromMs: first,
        toMs: last + 1,
      }
    })
    books.changeGaps({ opened: [{ ...gap, gateway: 'gw-east', meter: 'forge-main' }], changed: [] }, startMs)
    books.changeGaps({ opened: many, changed: [] }, startMs)
    await start()
    await bench.signInAsUserOf('forge')
    const seen = async (query = '') =>
      gapList.parse(await bench.get(`/api/v1/gaps${query}`)).map(({ meter }) => meter)
    expect(await seen()).toEqual(['forge-main'])
    expect(await seen('?state=open')).toEqual(['forge-main'])
    expect(await seen('?state=filled')).toEqual([])
  })
})

describe('quarantine', () => {
  const sample = {
    meter: 'forge-main',
    atMs: startMs - 60_000,
    quality: 'good',
    values: { 'activePower.total': 9_000 },
  }

  test('an entry is replayed as beyond the rating, or discarded; a second decision is refused', async () => {
    const refusal = {
      code: 'value-beyond-rating',
      detail: '9000 kW',
      meter: 'forge-main',
      encoding: 'json' as const,
      payload: JSON.stringify(sample),
    }
    books.follow(
      [{ ...commitOf('gw-east', [], startMs), refused: [refusal, { ...refusal, detail: 'another' }] }],
      startMs,
    )
    await start()
    const list = async (state: string) =>
      quarantineList.parse(await bench.json(`/api/v1/quarantine?state=${state}`))
    const [first, second] = await list('open')
    expect(quarantineLine.parse(await bench.json(`/api/v1/quarantine/${first?.id}`)).refusal.payload).toBe(
      refusal.payload,
    )
    const replay = async (body: object) =>
      bench.change('POST', `/api/v1/quarantine/${first?.id}/replay`, body)
    expect(await codeOf(await replay({ reason: 'try' }))).toBe('quarantine-refused')
    const taken = await replay({ reason: 'a test of the main switch', beyondRating: true })
    expect([taken.status, await taken.json()]).toEqual([200, { stored: 1, refused: [] }])
    expect(await store.latest(['forge-main'])).toMatchObject([
      { quantity: 'activePower.total', value: 9_000 },
    ])
    expect(await codeOf(await replay({ reason: 'again', beyondRating: true }))).toBe('quarantine-closed')
    const discard = await bench.change('POST', `/api/v1/quarantine/${second?.id}/discard`, {
      reason: 'a test',
    })
    expect(discard.status).toBe(204)
    expect(await list('open')).toEqual([])
    expect((await list('accepted'))[0]?.decision).toMatchObject({
      by: 'admin',
      reason: 'a test of the main switch',
    })
  })
})
