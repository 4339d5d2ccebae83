import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { GapRecord } from '#contract/messages.ts'
import { openBooks } from '#store/open.ts'
import { commitOf } from '../small-park.test-support.ts'
import { ServerBench, startMs } from '../server.test-support.ts'
import { quality } from './shapes.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

const epoch = '0'.repeat(32)
const gap: GapRecord = {
  v: 1,
  gateway: 'gw-east',
  epoch,
  seq: 9,
  kind: 'gap',
  cause: 'quota',
  lost: { epoch, firstSeq: 1, lastSeq: 4 },
  fromMs: startMs - 60_000,
  toMs: startMs,
}

test('what has not arrived, what is gone and what was refused, as the books have it', async () => {
  const books = openBooks(join(bench.folder, 'books.sqlite'))
  try {
    const record = { ...commitOf('gw-east', [], startMs), seq: 9, gap }
    // 4 MiB, the longest payload that is kept.
    const payload = 'A'.repeat(5_592_408)
    const refused = [{ code: 'message-undecodable', detail: 'no JSON', encoding: 'base64' as const, payload }]
    const undecodable = { ...record, gap: undefined, epoch: null, seq: null, digest: 'b'.repeat(64), refused }
    books.follow([record, undecodable], startMs)
    await bench.start({ books })
    const answer = await fetch(`${bench.server.url}/api/quality`)
    const body = await answer.text()
    expect(quality.parse(JSON.parse(body))).toMatchObject({
      holes: [{ gateway: 'gw-east', epoch, firstSeq: 5, lastSeq: 8, unnumbered: 1 }],
      gaps: [{ record: gap, committedAtMs: startMs }],
      quarantine: [{ gateway: 'gw-east', payloadCharacters: payload.length, refusal: { detail: 'no JSON' } }],
    })
    // 200 such entries must not become a gigabyte.
    expect(body.length).toBeLessThan(10_000)
  } finally {
    books.close()
  }
})
