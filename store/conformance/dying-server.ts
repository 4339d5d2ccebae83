import { describe, expect, test } from 'vitest'
import type { ReadingStore } from '../port.ts'
import { commitOf, counted, everything, power, register, value } from './sample-readings.ts'

/** A server that can be ended and started again on what it keeps. */
interface EndingServer {
  start(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
}

/** What a store on a server promises when that server dies. */
export function dyingServerConformance(
  server: () => EndingServer,
  withStore: (work: (store: ReadingStore) => Promise<void>) => Promise<void>,
): void {
  describe('while the server dies', () => {
    test('survive kill -9 once append has promised them, as commit records do', () =>
      withStore(async (store) => {
        const readings = Array.from({ length: 500 }, (_, index) => counted(index, index))
        const refused = {
          code: 'meter-unknown',
          detail: 'x',
          encoding: 'base64',
          payload: 'A'.repeat(500_000),
        } as const
        const record = commitOf(1, { refused: [refused] })
        await store.append(readings)
        await store.appendCommits([record])
        await server().kill()
        await server().start()
        expect(await store.readings('m-1', register, everything)).toEqual(readings)
        expect(await store.commitsSince(0)).toEqual([record])
      }))

    test('are refused as long as it is stopped, and taken at once when it is back', () =>
      withStore(async (store) => {
        await store.append([value(0, 1)])
        await server().stop()
        for (let attempt = 0; attempt < 5; attempt += 1) {
          await expect(store.append([value(1, 2)])).rejects.toMatchObject({
            code: 'store-unavailable',
            retryable: true,
          })
          await expect(store.readings('m-1', power, everything)).rejects.toMatchObject({
            code: 'store-unavailable',
            message: expect.not.stringMatching(/No host available/),
          })
        }
        await server().start()
        // No pause and no second try: neither side holds the failures against the server.
        expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1)])
        expect(await store.append([value(1, 2)])).toEqual({ stored: 1, refused: [] })
        expect(await store.readings('m-1', power, everything)).toEqual([value(0, 1), value(1, 2)])
      }))
  })
}
