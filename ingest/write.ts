import type { Clock } from '#contract/clock.ts'
import type { Reading } from '#contract/reading.ts'
import { readingsIn, SampleBlock, SampleBlocks, type Readings } from '#contract/sample-block.ts'
import type { ReadingStore } from '#store/port.ts'
import { outcomesOf, type Judged, type Outcome } from './record.ts'

/** As blocks, where all of them are. */
function readingsOf(parts: readonly (readonly Reading[] | SampleBlock)[]): Readings {
  const blocks = parts.filter((part) => part instanceof SampleBlock)
  const others = parts.filter((part) => !(part instanceof SampleBlock) && part.length > 0)
  return others.length === 0 ? new SampleBlocks(blocks) : parts.flatMap(readingsIn)
}

/**
 * Writes a group of judged payloads: the readings, then the commit records, in this order, always. What this resolves
 * with may be acknowledged; `undefined` where the signal ended it between the two. Throws what the store throws: then
 * the group is written again, which is the same as once.
 */
export async function writeGroup(
  group: readonly Judged[],
  store: Pick<ReadingStore, 'append' | 'appendCommits'>,
  clock: Pick<Clock, 'wallMs'>,
  signal: AbortSignal,
): Promise<readonly Outcome[] | undefined> {
  const readings = readingsOf(group.map(({ verdict }) => verdict.readings))
  const result = readings.length === 0 ? { refused: [] } : await store.append(readings)
  if (signal.aborted) return undefined
  const outcomes = outcomesOf(group, result.refused, clock.wallMs())
  await store.appendCommits(outcomes.map(({ record }) => record))
  return outcomes
}
