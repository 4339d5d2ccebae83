import { expect, test } from 'vitest'
import type { ReadingStore } from '../port.ts'
import { commitOf, T0 } from './sample-readings.ts'

/** What every ReadingStore promises of commit records, as tests; `store` gives an empty one for each. */
export function commitRecordConformance(store: () => ReadingStore): void {
  test('commit records come in order of time, from a moment on, up to a limit', async () => {
    const records = [5, 1, 4, 2, 3].map((mark) => commitOf(mark))
    await store().appendCommits(records)
    const marks = async (fromMs: number, limit?: number) =>
      (await store().commitsSince(fromMs, limit)).map(({ seq }) => seq)
    expect(await marks(0)).toEqual([1, 2, 3, 4, 5])
    expect(await marks(T0 + 3)).toEqual([3, 4, 5])
    expect(await marks(T0 + 2, 2)).toEqual([2, 3])
    expect(await marks(T0 + 6)).toEqual([])
  })

  test('commit records come back whole', async () => {
    const record = commitOf(1, {
      refused: [
        {
          code: 'meter-unknown',
          detail: '仪表 "x\\y"\n未知',
          meter: 'm-9',
          encoding: 'json',
          payload: '{"v":1,"text":"\\"quoted\\" \\\\ 汉字 \u{1F50C}"}',
        },
        { code: 'message-undecodable', detail: '', encoding: 'base64', payload: 'A'.repeat(300_000) },
      ],
      gap: {
        v: 1,
        gateway: 'gw-1',
        epoch: 'a'.repeat(32),
        seq: 1,
        kind: 'gap',
        cause: 'quota',
        lost: { epoch: 'a'.repeat(32), firstSeq: 4, lastSeq: 9 },
        fromMs: T0,
        toMs: T0 + 5,
      },
    })
    await store().appendCommits([record])
    expect(await store().commitsSince(0)).toEqual([record])
  })

  test('a record with a payload of 2 MB is taken, of a server that bounds texts with the beginning of it', async () => {
    const payload = 'A'.repeat(2_000_000)
    const refused = [{ code: 'message-undecodable', detail: '', encoding: 'base64' as const, payload }]
    const records = [commitOf(1), commitOf(2, { refused }), commitOf(3)]
    await store().appendCommits(records)
    const found = await store().commitsSince(0)
    expect(found.map(({ seq }) => seq)).toEqual([1, 2, 3])
    const kept = found[1]?.refused[0]?.payload ?? ''
    expect(kept.length).toBeGreaterThan(1_000)
    expect(payload.startsWith(kept)).toBe(true)
  })

  test('commit records of one millisecond do not overwrite each other', async () => {
    const sameMoment = { committedAtMs: T0 }
    const records = [
      ...[1, 2, 3].map((mark) => commitOf(mark, sameMoment)),
      commitOf(1, { ...sameMoment, gateway: 'gw-2' }),
      commitOf(1, { ...sameMoment, epoch: 'b'.repeat(32) }),
      ...[6, 7].map((mark) => commitOf(mark, { ...sameMoment, epoch: null, seq: null })),
      // A live batch and one of a backlog that is a million batches long, and one number with two contents.
      commitOf(1_000_001, sameMoment),
      commitOf(1, { ...sameMoment, digest: 'f'.repeat(64) }),
    ]
    await Promise.all(records.map((record) => store().appendCommits([record])))
    const found = await store().commitsSince(T0)
    expect(found).toHaveLength(records.length)
    expect(found).toEqual(expect.arrayContaining(records))
  })

  test('commit records of one write are read one by one, whatever they say and whosever they are', async () => {
    const sameMoment = { committedAtMs: T0 }
    const range = { fromMs: T0 - 1_000, toMs: T0 }
    const both = [
      { meter: 'm-1', ...range },
      { meter: 'm-2', ...range },
    ]
    const refusal = {
      code: 'value-invalid',
      detail: 'x',
      meter: 'm-1',
      encoding: 'json',
      payload: '{}',
    } as const
    const records = [
      ...[1, 2, 3].map((mark) => commitOf(mark, { ...sameMoment, touched: both })),
      commitOf(4, { ...sameMoment, touched: [{ meter: 'm-3', ...range, toMs: T0 + 1 }, ...both] }),
      commitOf(5, { ...sameMoment, touched: [], stored: 0 }),
      commitOf(6, { ...sameMoment, refused: [refusal] }),
      commitOf(1, { ...sameMoment, gateway: 'gw-2', touched: both }),
      commitOf(1, { ...sameMoment, epoch: 'b'.repeat(32) }),
      commitOf(1, { ...sameMoment, digest: 'f'.repeat(64) }),
      commitOf(7, { ...sameMoment, epoch: null, seq: null }),
      commitOf(8, sameMoment),
    ]
    await store().appendCommits(records)
    const found = await store().commitsSince(T0)
    expect(found).toHaveLength(records.length)
    expect(found).toEqual(expect.arrayContaining(records))
  })

  test('of hundreds of commit records of one write as many are given as are asked for', async () => {
    const journal = (gateway: string) =>
      Array.from({ length: 300 }, (_, index) => commitOf(index + 1, { gateway, committedAtMs: T0 }))
    const [first, second] = [journal('gw-1'), journal('gw-2')]
    await store().appendCommits([...first, ...second])
    await store().appendCommits([commitOf(301)])
    expect(await store().commitsSince(0, 1)).toHaveLength(1)
    expect(await store().commitsSince(0, 50)).toHaveLength(50)
    const all = await store().commitsSince(0)
    const of = (gateway: string) =>
      all.filter((record) => record.gateway === gateway && record.committedAtMs === T0)
    expect(of('gw-1')).toEqual(first)
    expect(of('gw-2')).toEqual(second)
    expect(all).toHaveLength(601)
    expect(all.at(-1)).toEqual(commitOf(301))
    expect(await store().commitsSince(T0 + 1)).toEqual([commitOf(301)])
  })

  test('page after page all of them are found, those of one millisecond too, and there is an end', async () => {
    const ofOneMoment = Array.from({ length: 700 }, (_, index) => commitOf(index + 1, { committedAtMs: T0 }))
    const later = Array.from({ length: 30 }, (_, index) =>
      Array.from({ length: 20 }, (__, place) =>
        commitOf(701 + 20 * index + place, { committedAtMs: T0 + 1 + index }),
      ),
    )
    await store().appendCommits(ofOneMoment)
    // Again, in other company.
    await store().appendCommits(ofOneMoment.slice(100, 300))
    for (const records of later) await store().appendCommits(records)
    const found = new Map<string, unknown>()
    let [fromMs, limit] = [T0, 100]
    for (;;) {
      const page = await store().commitsSince(fromMs, limit)
      for (const record of page) found.set(record.digest, record)
      const newestMs = page.at(-1)?.committedAtMs ?? fromMs
      if (newestMs > fromMs) fromMs = newestMs
      else if (page.length >= limit / 2) limit *= 2
      else break
    }
    const all = [...ofOneMoment, ...later.flat()]
    expect([...found.values()]).toHaveLength(all.length)
    expect(all.filter(({ digest }) => !found.has(digest))).toEqual([])
  })

  test('commit records of one write that are written again in other company are there once', async () => {
    const [one, two, three] = [1, 2, 3].map((mark) => commitOf(mark, { committedAtMs: T0 }))
    if (one === undefined || two === undefined || three === undefined) throw new Error('three')
    await store().appendCommits([one, two, three])
    await store().appendCommits([one])
    await store().appendCommits([one, two])
    const found = await store().commitsSince(0)
    expect(found).toHaveLength(3)
    expect(found).toEqual(expect.arrayContaining([one, two, three]))
    const later = [two, three].map((record) => ({ ...record, committedAtMs: T0 + 9 }))
    await store().appendCommits(later)
    expect(await store().commitsSince(0)).toEqual([one, ...later])
  })

  test('a commit record written again is there once, with its latest moment', async () => {
    await store().appendCommits([commitOf(1), commitOf(2)])
    await store().appendCommits([commitOf(1)])
    expect(await store().commitsSince(0)).toEqual([commitOf(1), commitOf(2)])
    const again = commitOf(1, { committedAtMs: T0 + 50 })
    await store().appendCommits([again])
    expect(await store().commitsSince(0)).toEqual([commitOf(2), again])
  })

  test('two contents under one number are two commit records', async () => {
    const other = commitOf(1, { digest: 'f'.repeat(64), committedAtMs: T0 + 9 })
    await store().appendCommits([commitOf(1), other])
    expect(await store().commitsSince(0)).toEqual([commitOf(1), other])
  })
}
