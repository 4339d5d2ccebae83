import type { GapEntry, SeenGap } from '#contract/gap.ts'
import { SETTLE_MS, SLOT_MS } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import type { Books } from '#store/port.ts'
import { gapChanges } from './gaps.ts'

/** Looks at what the books know and keeps the gap entries in step with it. */
export interface GapWatchParts {
  readonly books: Pick<
    Books,
    | 'holes'
    | 'gaps'
    | 'absentBatches'
    | 'batchCommittedAtMs'
    | 'gatewaysSeen'
    | 'openSlots'
    | 'intervals'
    | 'unfilledGaps'
    | 'changeGaps'
  >
  readonly park: Park
}

/**
 * A hole is a gap when nothing has filled it for so long after the batch behind it arrived: live data overtakes the
 * backlog, and each batch that is sent again was a hole for a while.
 */
const HOLE_SETTLES_MS = 5 * 60_000
/** A gateway is a gap when it is silent for this long, whatever sooner is shown on a page. */
const GATEWAY_SILENT_MS = 5 * 60_000

function missingBatches({ books }: GapWatchParts, known: readonly GapEntry[], nowMs: number): SeenGap[] {
  const isKnown = (gateway: string, epoch: string, firstSeq: number, lastSeq: number): boolean =>
    known.some(
      (entry) =>
        entry.kind === 'batches' &&
        entry.gateway === gateway &&
        entry.epoch === epoch &&
        entry.first <= lastSeq &&
        entry.last >= firstSeq,
    )
  return books.holes().flatMap(({ gateway, epoch, firstSeq, lastSeq }) => {
    const behindMs = books.batchCommittedAtMs(gateway, epoch, lastSeq + 1)
    // Where the mark is gone the batch behind it came days ago.
    const isFresh = behindMs !== undefined && nowMs - behindMs < HOLE_SETTLES_MS
    // What is left of a known gap does not start anew with each batch of it that comes.
    if (isFresh && !isKnown(gateway, epoch, firstSeq, lastSeq)) return []
    const toMs = behindMs ?? nowMs
    const fromMs = Math.min(books.batchCommittedAtMs(gateway, epoch, firstSeq - 1) ?? toMs, toMs)
    const range = { first: firstSeq, last: lastSeq, fromMs, toMs }
    return [{ kind: 'batches' as const, gateway, epoch, ...range, cause: 'not-arrived' as const }]
  })
}

function declaredGaps({ books }: GapWatchParts): SeenGap[] {
  const taken = new Map<string, number>()
  return books
    .gaps()
    .toSorted((a, b) => a.record.lost.firstSeq - b.record.lost.firstSeq)
    .flatMap(({ record }) => {
      const { gateway, lost, fromMs, toMs, cause } = record
      const key = `${gateway} ${lost.epoch}`
      // The same numbers may be declared lost twice.
      const firstSeq = Math.max(lost.firstSeq, (taken.get(key) ?? 0) + 1)
      taken.set(key, Math.max(taken.get(key) ?? 0, lost.lastSeq))
      if (firstSeq > lost.lastSeq) return []
      return books.absentBatches(gateway, lost.epoch, { firstSeq, lastSeq: lost.lastSeq }).map((absent) => ({
        kind: 'declared' as const,
        gateway,
        epoch: lost.epoch,
        first: absent.firstSeq,
        last: absent.lastSeq,
        fromMs,
        toMs,
        cause,
      }))
    })
}

/** Gateways that were heard once and are not any more. One that was never heard is not installed yet. */
function silentGateways({ books, park }: GapWatchParts, nowMs: number): SeenGap[] {
  const seen = books.gatewaysSeen()
  return [...park.gateways.values()].flatMap(({ id, silentAfterSeconds }) => {
    const lastMs = seen.get(id)
    const allowedMs = Math.max(silentAfterSeconds * 1_000, GATEWAY_SILENT_MS)
    if (lastMs === undefined || nowMs - lastMs <= allowedMs) return []
    return [
      {
        kind: 'gateway',
        gateway: id,
        first: lastMs,
        last: nowMs,
        fromMs: lastMs,
        toMs: undefined,
        cause: 'silent',
      },
    ]
  })
}

/** Under which name stand the gaps of meters that no gateway reads. */
const NO_GATEWAY = 'by-hand'

/** What became open in slots of meters where something has changed since the last look, and which meters these are. */
function meterGaps({ books, park }: GapWatchParts, silent: readonly SeenGap[], nowMs: number) {
  const looked = new Set<string>()
  const found: SeenGap[] = []
  const silentSince = new Map(silent.map(({ gateway, fromMs }) => [gateway, fromMs]))
  for (const { id: meter, gateway, register, formula } of park.meters.values()) {
    // What is computed from others has their gaps.
    if (formula !== undefined) continue
    const open = books.openSlots(meter, register, nowMs)
    if (open === 'unchanged') continue
    looked.add(meter)
    const subject = { gateway: gateway ?? NO_GATEWAY, meter }
    for (const { fromMs, toMs, quantity } of open.undecided) {
      const [first] = books.intervals(meter, quantity, { fromMs, toMs: fromMs + SLOT_MS })
      const cause = first?.undecided[0]?.reason
      if (cause !== undefined)
        found.push({ kind: 'undecided', ...subject, first: fromMs, last: toMs - 1, fromMs, toMs, cause })
    }
    // One that persons read off is covered by no more than they read.
    if (gateway === undefined) continue
    for (const [index, { fromMs, toMs }] of open.uncovered.entries()) {
      const goesOn = index === open.uncovered.length - 1 && toMs + SLOT_AND_SETTLE_MS > nowMs
      const cause = (silentSince.get(gateway) ?? Infinity) < toMs ? 'gateway-silent' : 'no-readings'
      const time = { first: fromMs, last: toMs - 1, fromMs, toMs: goesOn ? undefined : toMs }
      found.push({ kind: 'meter', ...subject, ...time, cause })
    }
  }
  return { looked, found }
}

/** A run that ends at the last settled slot goes on: what is younger is not known yet. */
const SLOT_AND_SETTLE_MS = SLOT_MS + SETTLE_MS

/** One look: what is missing is opened or grows, what has come is filled. The books are the only input but the time. */
export function watchGaps(parts: GapWatchParts, nowMs: number): void {
  const { books } = parts
  const silent = silentGateways(parts, nowMs)
  const meters = meterGaps(parts, silent, nowMs)
  const known = books.unfilledGaps()
  const seen = [...missingBatches(parts, known, nowMs), ...declaredGaps(parts), ...silent, ...meters.found]
  const changes = gapChanges(
    known,
    seen,
    ({ kind, meter }) => kind !== 'late' && (meter === undefined || meters.looked.has(meter)),
  )
  if (changes.opened.length > 0 || changes.changed.length > 0) books.changeGaps(changes, nowMs)
}
