import type { CommitRecord } from '#contract/commit.ts'

/** How many points of one series fit into a millisecond of a server's time axis, and numbers into one series. */
const NS_PLACES = 1_000_000

/** Places that are remembered at least: far more than are written in one millisecond. */
const REMEMBERED_MIN = 10_000

/** Where a commit record stands: in which series of its gateway, and at which nanosecond of its millisecond. */
export interface CommitPlace {
  /** Tag `epoch` of the series. */
  readonly series: string
  readonly place: number
}

/**
 * Where one writer's commit records stand, so that none takes the place of another: a server keeps one point of a series
 * and moment, and who wrote the first would never learn. Of other writers' a record can meet only that of the same number
 * with another content in the same millisecond, which takes a gateway that exists twice.
 *
 * A numbered record stands by its number: two numbers of one journal never meet. One without a number, or whose number
 * came with another content in the same millisecond, stands in a series that is this writer's alone, where it counts. So do
 * joint records (joint-commits.ts): another writer may have some of them in other company in the same millisecond.
 */
export class CommitPlaces {
  readonly #writer: string
  #taken = new Map<string, string>()
  /** Those before: a map out of which the oldest were taken one by one would be slow at its beginning. */
  #takenBefore = new Map<string, string>()
  #counted = 0

  /** @param writer no two of those that write at the same time have the same; of the characters of an identifier */
  constructor(writer: string) {
    this.#writer = writer
  }

  of(record: CommitRecord): CommitPlace {
    const { epoch, seq, gateway, committedAtMs, digest } = record
    if (epoch === null || seq === null) return this.#own('unknown')
    const thousandThousands = Math.floor(seq / NS_PLACES)
    const series = thousandThousands === 0 ? epoch : `${epoch}.${thousandThousands}`
    const key = `${gateway} ${epoch} ${seq} ${committedAtMs}`
    const other = this.#taken.get(key) ?? this.#takenBefore.get(key)
    if (other !== undefined && other !== digest) return this.#own(epoch)
    this.#taken.set(key, digest)
    if (this.#taken.size >= REMEMBERED_MIN) {
      this.#takenBefore = this.#taken
      this.#taken = new Map()
    }
    return { series, place: seq % NS_PLACES }
  }

  /** Of joint records. Not in a series of their journal: a server may bound how many values a tag has. */
  joint(): CommitPlace {
    return this.#own('joint')
  }

  #own(series: string): CommitPlace {
    this.#counted += 1
    return { series: `${series}.${this.#writer}`, place: this.#counted % NS_PLACES }
  }
}
