import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Served } from './meter-server.ts'
import { openServedLog, readServedLog } from './truth.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-truth-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const reply = (index: number): Served => ({
  meter: 'steel-incoming',
  unit: 11,
  atMs: 1_767_200_000_000 + index,
  address: 0x084c,
  function: 3,
  words: [index & 0xffff, 0xfffe],
})

describe('a served log', () => {
  it('holds every reply once, in order, over several openings', () => {
    const file = join(folder, 'served.jsonl')
    const all = Array.from({ length: 2_500 }, (_, index) => reply(index))
    const first = openServedLog(file)
    for (const each of all.slice(0, 1_700)) first.record(each)
    first.close()
    const second = openServedLog(file)
    for (const each of all.slice(1_700)) second.record(each)
    second.close()
    expect(readServedLog(file)).toEqual(all)
  })

  it('reaches the file without being closed', async () => {
    const file = join(folder, 'served.jsonl')
    const log = openServedLog(file)
    log.record(reply(1))
    await vi.waitUntil(() => readFileSync(file, 'utf8') !== '', { timeout: 20_000, interval: 10 })
    expect(readServedLog(file)).toEqual([reply(1)])
    log.close()
  })

  it('names the line that is none, and files that cannot be had', () => {
    const file = join(folder, 'served.jsonl')
    writeFileSync(file, `${JSON.stringify(reply(1))}\n{"meter":"x"}\n`)
    expect(() => readServedLog(file)).toThrow(
      expect.objectContaining({ code: 'file-invalid', place: { file, line: 2 } }),
    )
    expect(() => readServedLog(join(folder, 'none'))).toThrow(
      expect.objectContaining({ code: 'file-unreadable' }),
    )
    expect(() => openServedLog(join(folder, 'no-folder', 'served.jsonl'))).toThrow(
      expect.objectContaining({ code: 'folder-unusable' }),
    )
  })
})
