import type { CommitRecord } from '#contract/commit.ts'
import { commitsIn, newestCommits } from './points.ts'

/** Points of a first question; more where these hold too few records. */
const POINTS_FIRST_MAX = 500
const POINTS_TIMES = 4

/**
 * Reads commit records out of a server's points, each of which holds one or up to some hundreds. How many points are to be
 * asked for is not known beforehand: as many as would have been enough the last time, because neighbours are alike. What an
 * answer holds beyond the records that are wanted is not looked into.
 */
export class CommitReading {
  /** As the last time. */
  #recordsPerPoint = 1

  /**
   * The earliest records, at most so many, in order of time, each identity once. Throws `store-unavailable` for one that
   * this version cannot read.
   *
   * @param ask the bodies of the earliest points, at most so many
   */
  async earliest(
    limit: number,
    ask: (pointsMax: number) => Promise<readonly unknown[]>,
  ): Promise<CommitRecord[]> {
    const recordsMax = Math.max(1, Math.trunc(limit))
    let pointsMax = Math.min(POINTS_FIRST_MAX, Math.ceil(recordsMax / this.#recordsPerPoint))
    for (;;) {
      const bodies = await ask(pointsMax)
      const records: CommitRecord[] = []
      let read = 0
      for (; read < bodies.length && records.length < recordsMax; read += 1)
        records.push(...commitsIn(bodies[read]))
      if (records.length >= recordsMax || bodies.length < pointsMax) {
        if (read > 0) this.#recordsPerPoint = records.length / read
        return newestCommits(records.slice(0, recordsMax))
      }
      pointsMax = Math.min(recordsMax, pointsMax * POINTS_TIMES)
    }
  }
}
