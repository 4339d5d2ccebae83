import { appendFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'

/** An entry of which only the beginning came to the disk: type 1, 4,096 bytes to come (tsdb/engine/tsm1/wal.go, WALSegmentWriter.Write). */
const tornEntry = Buffer.concat([Buffer.from([1, 0, 0, 16, 0]), Buffer.alloc(500, 7)])

/** Leaves the log of an InfluxDB that is dead as if it had died while it wrote an entry. `parent` holds nothing else. */
export function tearLog(parent: string): void {
  const files = readdirSync(parent, { recursive: true, encoding: 'utf8' })
  const segments = files.filter((name) => name.endsWith('.wal'))
  expect(segments).toHaveLength(1)
  for (const segment of segments) appendFileSync(join(parent, segment), tornEntry)
}
