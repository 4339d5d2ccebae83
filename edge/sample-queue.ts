import type { Sample } from '#contract/messages.ts'
import { readingsIn } from './batch.ts'

/** Samples that wait for the disk, oldest first, and how many readings they are. */
export class SampleQueue {
  #samples: Sample[] = []
  #readings = 0

  get samples(): readonly Sample[] {
    return this.#samples
  }

  get readings(): number {
    return this.#readings
  }

  push(sample: Sample): void {
    this.#samples.push(sample)
    this.#readings += readingsIn(sample)
  }

  clear(): void {
    this.#samples = []
    this.#readings = 0
  }

  /** Gives up the oldest samples until so many readings are gone, or none is left. */
  drop(readings: number): readonly Sample[] {
    let dropped = 0
    let count = 0
    for (const sample of this.#samples) {
      if (dropped >= readings) break
      dropped += readingsIn(sample)
      count += 1
    }
    this.#readings -= dropped
    return this.#samples.splice(0, count)
  }
}
