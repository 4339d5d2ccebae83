/** How much a request to a server may hold. */

/**
 * Readings of one request, at most as many lines, but with those of a sample in one line far fewer: 5,000 to 10,000
 * lines is the batch size that InfluxDB's documentation advises.
 */
export const READINGS_PER_REQUEST = 10_000
/** The same of blocks, which hold many values of each series: 1.7 MB with 20 quantities in a sample, 3.2 MB with one. */
const READINGS_PER_BLOCK_REQUEST = 50_000

/**
 * How many readings a request of blocks may have. Fewer for good once the server, or a proxy before it, called one too long;
 * fewer for a while after one that failed, because a slow line may need longer for it than anybody waits.
 */
export class RequestLength {
  #longest = READINGS_PER_BLOCK_REQUEST
  #now = READINGS_PER_BLOCK_REQUEST

  get readingsMax(): number {
    return this.#now
  }

  /** After one of so many that was too long. False where it is as short as requests are at least. */
  tooLong(readings: number): boolean {
    if (readings <= READINGS_PER_REQUEST) return false
    if (readings <= this.#longest) this.#longest = Math.max(READINGS_PER_REQUEST, Math.floor(readings / 2))
    this.#now = Math.min(this.#now, this.#longest)
    return true
  }

  failed(): void {
    this.#now = Math.max(READINGS_PER_REQUEST, Math.floor(this.#now / 2))
  }

  taken(): void {
    this.#now = Math.min(this.#longest, this.#now + READINGS_PER_REQUEST)
  }
}
