/** Failures within this time count together. */
const WINDOW_MS = 15 * 60_000
/** So many wrong passwords for one name from one address, or from one address, and further ones are not even looked at. */
const FAILURES_MAX = 10
/** The same for one name from wherever: many, so that a stranger alone cannot shut its person out. */
const FAILURES_OF_NAME_MAX = 100
/** Keys that are remembered; beyond it the oldest are forgotten. */
const REMEMBERED_MAX = 10_000

/** Who tries: by which name, from where, and in which browser, where that name has signed in from it before. */
export interface Trier {
  readonly name: string
  readonly address: string
  readonly device?: string | undefined
}

/** Counts tries to sign in by name and by address, or by a browser that is known; bounded in memory. */
export class Attempts {
  readonly #tries = new Map<string, number[]>()

  #recent(key: string, nowMs: number): number[] {
    return (this.#tries.get(key) ?? []).filter((atMs) => nowMs - atMs < WINDOW_MS)
  }

  /**
   * Begins a try: it counts as failed from here on, so that those sent at once count too. False where there were too
   * many. To be ended with `succeeded` where the password was right.
   */
  begin(trier: Trier, nowMs: number): boolean {
    const keys = keysOf(trier)
    const recent = keys.map(({ key }) => this.#recent(key, nowMs))
    if (keys.some(({ most }, index) => (recent[index]?.length ?? 0) >= most)) return false
    for (const [index, { key }] of keys.entries()) {
      this.#tries.delete(key)
      this.#tries.set(key, [...(recent[index] ?? []), nowMs])
    }
    for (const key of this.#tries.keys()) {
      if (this.#tries.size <= REMEMBERED_MAX) break
      this.#tries.delete(key)
    }
    return true
  }

  /** Takes back what `begin` counted then; failures of this name from this address too, but of no other. */
  succeeded(trier: Trier, begunMs: number): void {
    const [both, ...others] = keysOf(trier)
    if (both !== undefined) this.#tries.delete(both.key)
    for (const { key } of others) {
      const tries = [...(this.#tries.get(key) ?? [])]
      const own = tries.lastIndexOf(begunMs)
      if (own >= 0) tries.splice(own, 1)
      if (tries.length === 0) this.#tries.delete(key)
      else this.#tries.set(key, tries)
    }
  }
}

function keysOf({ name, address, device }: Trier): { readonly key: string; readonly most: number }[] {
  const whose = name.trim().toLowerCase()
  // What strangers do, many of them too, does not shut a person out of the browser that is theirs.
  if (device !== undefined) return [{ key: `device ${device} ${whose}`, most: FAILURES_MAX }]
  return [
    { key: `both ${address} ${whose}`, most: FAILURES_MAX },
    { key: `name ${whose}`, most: FAILURES_OF_NAME_MAX },
    { key: `address ${address}`, most: FAILURES_MAX },
  ]
}
