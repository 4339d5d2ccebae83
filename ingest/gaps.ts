import { isOfTime, type GapChanges, type GapEntry, type SeenGap } from '#contract/gap.ts'

/** What is missing now, against what the books say is missing. */

type Subject = Pick<GapEntry, 'kind' | 'gateway' | 'meter' | 'epoch'>

const subjectOf = ({ kind, gateway, meter = '', epoch = '' }: Subject): string =>
  `${kind} ${gateway} ${meter} ${epoch}`

interface Range {
  readonly first: number
  readonly last: number
}

/**
 * Of others in order of their first number those that overlap a range or touch its beginning. To be asked for ranges in
 * order: what lies before one lies before all that follow, so each is looked at once and not once a range.
 */
function nearTo<T extends Range>(others: readonly T[]): (range: Range) => T[] {
  let start = 0
  return ({ first, last }) => {
    while ((others[start]?.last ?? Infinity) + 1 < first) start += 1
    const near: T[] = []
    for (let index = start; (others[index]?.first ?? Infinity) <= last; index += 1) {
      const other = others[index]
      if (other !== undefined) near.push(other)
    }
    return near
  }
}

/** How much of `range` the others, which do not overlap, take. */
function overlap(range: Range, others: readonly Range[]): number {
  let total = 0
  for (const { first, last } of others)
    total += Math.max(0, Math.min(last, range.last) - Math.max(first, range.first) + 1)
  return total
}

const byFirst = (a: Range, b: Range): number => a.first - b.first

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
    const gaps = (seenOf.get(subject) ?? []).toSorted(byFirst)
    const entries = (knownOf.get(subject) ?? [])
      .toSorted(byFirst)
      .map((entry) => ({ entry, first: entry.first, last: entry.last, toMs: entry.toMs }))
    const entriesNear = nearTo(entries)
    for (const gap of gaps) {
      const near = entriesNear(gap)
      const covered = near.map(({ first, last }) => ({ first, last }))
      for (const part of without(gap, covered)) {
        const before = near.find(
          ({ entry, last }) => entry.state === 'open' && last + 1 === part.first && overlap(entry, [gap]) > 0,
        )
        if (before === undefined) {
          const isWhole = part.first === gap.first
          const fromMs = isWhole ? gap.fromMs : timeOf(gap, part.first)
          const endsInside = part.last < gap.last && isOfTime(gap.kind)
          opened.push({ ...gap, ...part, fromMs, toMs: endsInside ? part.last + 1 : gap.toMs })
        } else before.last = part.last
      }
      for (const each of near) {
        if (overlap(each, [gap]) === 0) continue
        if (each.last >= gap.last) each.toMs = gap.toMs
        // What is behind the entry is another one's.
        else if (isOfTime(gap.kind)) each.toMs = each.last + 1
      }
    }
    const gapsNear = nearTo(gaps)
    for (const { entry, first, last, toMs } of entries) {
      const missing = overlap({ first, last }, gapsNear({ first, last }))
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
  return isOfTime(kind) ? at : fromMs
}
