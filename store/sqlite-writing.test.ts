import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { mountSmallDisk } from '#test/support/small-disk.ts'
import { commitOf, everything, value } from './conformance/sample-readings.ts'
import { SamplePacker } from './samples/packed-samples.ts'
import { openSqlite } from './sqlite-file.ts'
import { openSqliteReadings } from './sqlite-readings.ts'
import type { WriteRequest } from './sqlite-writer.ts'
import { writeOnThread } from './sqlite-writing.ts'

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-thread-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'readings.sqlite')
}

const appended = (second: number): WriteRequest => ({
  kind: 'append',
  samples: new SamplePacker().pack([value(second, second)]),
})

test('what is wrong with one request is no matter of those that share its transaction', async () => {
  const file = temporaryFile()
  const database = openSqlite(file, 'readings')
  const writing = writeOnThread(file)
  const wrong: WriteRequest = {
    kind: 'append',
    samples: { ...new SamplePacker().pack([value(9, 9)]), layouts: ['no.such.quantity'] },
  }
  // All of them are asked for before the thread has begun.
  const answers = await Promise.allSettled([appended(1), wrong, appended(2)].map((each) => writing.run(each)))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await writing.close()
  expect(database.prepare('SELECT count(*) AS n FROM sample').get()).toEqual({ n: 2 })
  database.close()
})

test('a second’s readings are not behind the ten thousand of a backlog that came before them', async () => {
  const writing = writeOnThread(temporaryFile())
  const backlog: WriteRequest = {
    kind: 'append',
    samples: new SamplePacker().pack(Array.from({ length: 10_000 }, (_, index) => value(index, index))),
  }
  const answered: string[] = []
  const asked = async (name: string, request: WriteRequest): Promise<void> => {
    await writing.run(request)
    answered.push(name)
  }
  await Promise.all([
    asked('backlog', backlog),
    asked('live', appended(20_000)),
    asked('probe', { kind: 'probe' }),
  ])
  expect(answered).toEqual(['live', 'probe', 'backlog'])
  await writing.close()
})

test('while another process has the file this one goes on with its work, and writes afterwards', async () => {
  const file = temporaryFile()
  const store = await openSqliteReadings({ file, ownThread: true })
  const other = openSqlite(file, 'readings')
  other.exec('BEGIN IMMEDIATE')
  let written = false
  const writing = store.append([value(0, 1)]).then(() => {
    written = true
  })
  // Reading does not wait for the writer either.
  for (let turn = 0; turn < 20; turn += 1) {
    expect(await store.readings('m-1', 'activePower.total', everything)).toEqual([])
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
  expect(written).toBe(false)
  other.exec('ROLLBACK')
  await writing
  expect(await store.readings('m-1', 'activePower.total', everything)).toEqual([value(0, 1)])
  other.close()
  await store.close()
})

test('packing of old commit records waits for who writes beside other work, not instead of it', async () => {
  const file = temporaryFile()
  const store = await openSqliteReadings({ file, ownThread: true })
  await store.appendCommits([commitOf(1), commitOf(2)])
  const other = openSqlite(file, 'readings')
  other.exec('BEGIN IMMEDIATE')
  const { retention } = store
  if (retention?.by !== 'owner') throw new TypeError('an embedded store is its owner’s')
  let packed: number | undefined
  const packing = retention.packCommits(Number.MAX_SAFE_INTEGER).then((count) => {
    packed = count
  })
  // Such a turn would not come before five seconds had passed, and then with an error.
  await new Promise((resolve) => {
    setTimeout(resolve, 5)
  })
  expect(packed).toBeUndefined()
  other.exec('ROLLBACK')
  other.close()
  await packing
  expect(packed).toBe(2)
  expect(await store.commitsSince(0)).toEqual([commitOf(1), commitOf(2)])
  await store.close()
})

test('a file that the thread cannot open makes the store unavailable, and the next call tries again', async () => {
  const file = temporaryFile()
  const writing = writeOnThread(join(file, 'there is no such folder'))
  await expect(writing.run({ kind: 'probe' })).rejects.toThrow('unable to open database file')
  await expect(writing.run({ kind: 'probe' })).rejects.toThrow('unable to open database file')
  await writing.close()
})

const disk = mountSmallDisk(8)

test.skipIf(disk === undefined)(
  disk === undefined
    ? 'on a full disk [needs the right to mount]'
    : 'on a full disk nothing is taken that is not there, and with room again it goes on',
  async () => {
    if (disk === undefined) return
    onTestFinished(() => disk.remove())
    const file = join(disk.folder, 'readings.sqlite')
    const store = await openSqliteReadings({ file, ownThread: true })
    const many = (first: number) =>
      Array.from({ length: 2_000 }, (_, index) => value(first + index, index, 'voltage.l1'))
    await store.append(many(0))
    disk.fill()
    await expect(store.append(many(2_000))).rejects.toMatchObject({
      code: 'store-unavailable',
      retryable: true,
      message: expect.stringContaining('disk'),
    })
    await expect(store.appendCommits([commitOf(1)])).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(await store.readings('m-1', 'voltage.l1', everything)).toHaveLength(2_000)
    disk.empty()
    await store.append(many(2_000))
    await store.appendCommits([commitOf(1)])
    expect(await store.readings('m-1', 'voltage.l1', everything)).toHaveLength(4_000)
    await store.close()
    const again = await openSqliteReadings({ file })
    expect(await again.readings('m-1', 'voltage.l1', everything)).toHaveLength(4_000)
    expect(await again.commitsSince(0)).toEqual([commitOf(1)])
    await again.close()
  },
)
