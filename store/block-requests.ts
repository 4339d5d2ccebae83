import { SampleBlocks, type SampleBlock } from '#contract/sample-block.ts'
import { addBlockLines } from './block-lines.ts'
import { LineBuffer } from './line-buffer.ts'
import { Moments } from './moments.ts'
import type { SendLines, WriteAnswer } from './partial-write.ts'

/** Blocks as requests of a server: whole ones, as many as a request may have readings, but one at least. */
export function* requestsOf({ blocks }: SampleBlocks, readingsMax: number): Generator<SampleBlocks> {
  let request: SampleBlock[] = []
  let readings = 0
  for (const block of blocks) {
    if (request.length > 0 && readings + block.length > readingsMax) {
      yield new SampleBlocks(request)
      request = []
      readings = 0
    }
    request.push(block)
    readings += block.length
  }
  if (request.length > 0) yield new SampleBlocks(request)
}

/** Buffers that wait for their next request. */
const free: LineBuffer[] = []
const FREE_MAX = 4
/** A larger one was for something rare. */
const FREE_BYTES_MAX = 4 * 1024 * 1024

/**
 * Sends the lines of blocks as one request. Nothing is sent, and undefined returned, where the blocks hold two samples of
 * one meter and moment: then they are written reading by reading, which finds out what is to be refused. Throws
 * `store-unavailable`.
 */
export async function sendBlocks(
  { blocks }: SampleBlocks,
  send: SendLines,
): Promise<WriteAnswer | undefined> {
  const buffer = free.pop() ?? new LineBuffer()
  buffer.length = 0
  if (addBlockLines(blocks, buffer, new Moments()) === undefined) return giveBack(buffer, undefined)
  const answer = await send(buffer.body())
  // Of a request that was answered early the rest may still be on its way out of this memory.
  return answer.taken ? giveBack(buffer, answer) : answer
}

function giveBack<T>(buffer: LineBuffer, result: T): T {
  if (free.length < FREE_MAX && buffer.bytes.length <= FREE_BYTES_MAX) free.push(buffer)
  return result
}
