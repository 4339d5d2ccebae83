import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HOUR_MS } from '#contract/duration.ts'
import { openBooks } from '#store/open.ts'
import { gapsList } from './gaps.ts'

const T0 = Date.UTC(2026, 5, 1)
let data: string

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'tanbiao-gaps-'))
})
afterEach(() => {
  rmSync(data, { recursive: true })
})

test('what came too late is listed by its time, and nothing of it is said to be missing', async () => {
  const books = openBooks(join(data, 'books.sqlite'))
  const stretch = { gateway: 'import', meter: 'press', first: T0, last: T0 + HOUR_MS - 1 }
  const opened = [
    { ...stretch, kind: 'late', fromMs: T0, toMs: T0 + HOUR_MS, cause: 'readings-let-go' },
    { ...stretch, kind: 'meter', fromMs: T0, toMs: T0 + HOUR_MS, cause: 'no-readings' },
  ] as const
  books.changeGaps({ opened, changed: [] }, T0 + HOUR_MS)
  books.close()
  const printed: string[] = []
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line))
  await gapsList.run(['--data', data])
  const rowOf = (what: string): string => printed.find((line) => line.includes(what)) ?? ''
  expect(rowOf('meter without readings')).toMatch(/ 1 h 00 min +no-readings/)
  expect(rowOf('came too late to count')).toMatch(/2026-06-01T01:00:00Z +readings-let-go/)
})
