import type { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import type { Answered, Asked } from './sqlite-thread.ts'
import { SqliteWriter, type WriteRequest } from './sqlite-writer.ts'

/** How a file of readings is written: each call is on the disk when it resolves, and rejects with SQLite's error. */
export interface SqliteWriting {
  /** A number: of a deletion, how many readings it deleted. The memory of samples belongs to the callee from now on. */
  run(request: WriteRequest): Promise<number>
  /** Ends once all that was asked is done. */
  close(): Promise<void>
}

/** On this thread, through the caller's connection: for commands that are soon done. */
export function writeHere(database: DatabaseSync): SqliteWriting {
  const writer = new SqliteWriter(database)
  return {
    run: async (request) => writer.run([request])[0] ?? 0,
    close: async () => {},
  }
}

const program = new URL('sqlite-thread.ts', import.meta.url)

/**
 * On a thread of its own: for servers, whose other work goes on while SQLite waits for the disk, and for another process
 * that has the file.
 */
export function writeOnThread(file: string): SqliteWriting {
  const waiting = new Map<number, PromiseWithResolvers<number>>()
  let ended = Promise.resolve()
  let lastId = 0

  function begin(): Worker {
    const begun = new Worker(program, { workerData: file, name: 'sqlite' })
    let cause: unknown = new Error('the thread that writes has ended')
    begun.on('message', (answered: Answered) => {
      const call = waiting.get(answered.id)
      waiting.delete(answered.id)
      if ('error' in answered) call?.reject(new Error(answered.error))
      else call?.resolve(answered.result)
    })
    begun.on('error', (error) => {
      cause = error
    })
    ended = new Promise((resolve) => {
      begun.once('exit', () => {
        thread = undefined
        for (const { reject } of waiting.values()) reject(cause)
        waiting.clear()
        resolve()
      })
    })
    return begun
  }

  // At once, and not with the first call, which would wait for it.
  let thread: Worker | undefined = begin()

  function ask(request: WriteRequest | undefined): Promise<number> {
    thread ??= begin()
    lastId += 1
    const call = Promise.withResolvers<number>()
    waiting.set(lastId, call)
    const asked: Asked = { id: lastId, request }
    const moved =
      request?.kind === 'append' ? [request.samples.contents.buffer, request.samples.places.buffer] : []
    thread.postMessage(asked, moved)
    return call.promise
  }

  return {
    run: ask,
    close: async () => {
      if (thread !== undefined) await ask(undefined)
      await ended
    },
  }
}
