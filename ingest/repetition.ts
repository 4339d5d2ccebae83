/** Keys remembered at most: what comes from the network must not grow a table without end. */
const KEYS_MAX = 1_000

/**
 * Keeps a thing that happens for ever from filling the log: the returned function counts a key and gives the count
 * the 1st, 10th, 100th … time, otherwise undefined.
 */
export function repetition(): (key: string) => number | undefined {
  const counts = new Map<string, number>()
  return (key) => {
    const count = (counts.get(key) ?? 0) + 1
    if (!counts.has(key) && counts.size >= KEYS_MAX) counts.clear()
    counts.set(key, count)
    return Number.isInteger(Math.log10(count)) ? count : undefined
  }
}
