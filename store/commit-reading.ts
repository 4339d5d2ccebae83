import type { CommitRecord } from '#contract/commit.ts'
import { commitsFrom } from './points.ts'

/** A point may hold hundreds of records: of so many records that are wanted one point is asked for at first. */
const RECORDS_PER_POINT = 10

/**
 * At most so many commit records out of a server's points, in order of time. Throws `store-unavailable` for one that this
 * version cannot read.
 *
 * @param ask the bodies of the earliest points, at most so many
 */
export async function earliestCommits(
  limit: number,
  ask: (pointsMax: number) => Promise<readonly unknown[]>,
): Promise<CommitRecord[]> {
  const recordsMax = Math.max(1, Math.trunc(limit))
  const few = Math.ceil(recordsMax / RECORDS_PER_POINT)
  const bodies = await ask(few)
  const records = commitsFrom(bodies)
  const isAll = bodies.length < few || records.length >= recordsMax
  return (isAll ? records : commitsFrom(await ask(recordsMax))).slice(0, recordsMax)
}
