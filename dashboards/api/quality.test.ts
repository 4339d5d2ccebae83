import { afterEach, beforeEach, expect, test } from 'vitest'
import { ServerBench } from '../server.test-support.ts'
import { quality } from './shapes.ts'

let bench: ServerBench

beforeEach(() => {
  bench = new ServerBench()
})
afterEach(() => bench.stop())

test('holes, gaps and quarantine are listed', async () => {
  bench.books.holeEntries = [
    { gateway: 'gw-east', epoch: '0'.repeat(32), firstSeq: 3, lastSeq: 5, unnumbered: 0 },
  ]
  await bench.start()
  expect(quality.parse(await bench.json('/api/quality')).holes).toHaveLength(1)
})
