import type { GapChanges, GapEntry, SeenGap } from '#contract/gap.ts'

/** What is missing now, against what the books say is missing. */

type Subject = Pick<GapEntry, 'kind' | 'gateway' | 'meter' | 'epoch'>

const subjectOf = ({ kind, gateway, meter = '', epoch = '' }: Subject): string =>
  `${kind} ${gateway} ${meter} ${epoch}`

interface Range {
  readonly first: number
  readonly last: number
}

/** How much of `range` the others, which do not overlap, take. */
function overlap(range: Range, others: readonly Range[]): number {
  let total = 0
  for (const { first, last } of others)
    total += Math.max(0, Math.min(last, range.last) - Math.max(first, range.first) + 1)
  return total
}

/** The parts of a range that none of the others covers, in order. */
function without(range: Range, others: readonly Range[]): Range[] {
  const parts: Range[] = []
  let next = range.first
  for (const { first, last } of others.toSorted((a, b) => a.first - b.first)) {
    if (last < next || first > range.last) continue
    if (first > next) parts.push({ first: next, last: first - 1 })
    next = Math.max(next, last + 1)
  }
  if (next <= range.last) parts.push({ first: next, last: range.last })
  return parts
}

/**
 * The changes after which the entries of the books say what is seen: a gap that nothing is seen of any more is filled,
 * one that goes on grows, and what no entry covers is opened. An accepted entry does not grow: what comes after it is
 * a matter of its own. Pure.
 *
 * @param known entries that are open or accepted
 * @param seen all gaps of the subjects in `looked`, and of no other
 * @param looked true for subjects that were looked at; entries of others are left alone
 */
export function gapChanges(
  known: readonly GapEntry[],
  seen: readonly SeenGap[],
  looked: (subject: Subject) => boolean = () => true,
): GapChanges {
  const seenOf = Map.groupBy(seen, subjectOf)
  const knownOf = Map.groupBy(known.filter(looked), subjectOf)
  const opened: SeenGap[] = []
  const changed: GapChanges['changed'][number][] = []
  for (const subject of new Set([...seenOf.keys(), ...knownOf.keys()])) {
    const gaps = seenOf.get(subject) ?? []
    const entries = (knownOf.get(subject) ?? []).map((entry) => ({
      entry,
      last: entry.last,
      toMs: entry.toMs,
    }))
    for (const gap of gaps) {
      const covered = entries.map(({ entry, last }) => ({ first: entry.first, last }))
      for (const part of without(gap, covered)) {
        const before = entries.find(
          ({ entry, last }) => entry.state === 'open' && last + 1 === part.first && overlap(entry, [gap]) > 0,
        )
        if (before === undefined) {
          const isWhole = part.first === gap.first
          opened.push({ ...gap, ...part, fromMs: isWhole ? gap.fromMs : timeOf(gap, part.first) })
        } else before.last = part.last
      }
      for (const each of entries)
        if (overlap({ first: each.entry.first, last: each.last }, [gap]) > 0 && each.last >= gap.last)
          each.toMs = gap.toMs
    }
    for (const { entry, last, toMs } of entries) {
      const missing = overlap({ first: entry.first, last }, gaps)
      const state = missing === 0 ? 'filled' : entry.state
      const end = missing === 0 ? (entry.toMs ?? timeOf(entry, entry.last)) : toMs
      if (missing !== entry.missing || last !== entry.last || state !== entry.state || end !== entry.toMs)
        changed.push({ id: entry.id, last, missing, toMs: end, state })
    }
  }
  return { opened, changed }
}

/** Numbers of batches are no times. */
function timeOf({ kind, fromMs }: Pick<SeenGap, 'kind' | 'fromMs'>, at: number): number {
  return kind === 'meter' || kind === 'gateway' ? at : fromMs
}
