import { isSettled, SLOT_MS } from '#contract/grid.ts'
import type { Interval } from '#contract/interval.ts'
import type { Books, IntervalBooks, LateAfterLock } from '../port.ts'
import type { BookParts, BooksFile } from './parts.ts'
import { contentOf } from './slot-content.ts'

/** The books of energy: what is to be computed, intervals with their revisions, their sums and their locks. */
export function intervalBooks(
  file: BooksFile,
  parts: BookParts,
  onRevisions: (written: number) => void,
): IntervalBooks {
  const { rules, intervals, windows, days, months, locks, keptFrom, progress, copies } = parts

  /** True for a slot whose readings may be gone, and of which more was known than can be computed now. */
  function stands({ meter, quantity, slotMs }: Interval, nowMs: number): boolean {
    if (!keptFrom.holds(meter, slotMs) || !isSettled(slotMs, nowMs)) return false
    const period = { fromMs: slotMs, toMs: slotMs + SLOT_MS }
    return intervals.between(meter, quantity, period)[0]?.state === 'known'
  }

  function recordAll(...[works, nowMs, dependents]: Parameters<Books['recordAll']>): number {
    // A computed interval that does not fit its type is the caller's fault, not that of the file.
    const computed = works.flatMap((work) =>
      work.intervals.map((interval) => ({ interval, content: contentOf(interval) })),
    )
    const revisions = file.write(() => {
      const open = computed.filter(({ interval }) => !stands(interval, nowMs))
      const keeper = locks.keeper(nowMs, (...slot) => {
        progress.mark(...slot, nowMs)
      })
      const written = intervals.write(open, nowMs, keeper)
      days.mark(written)
      months.mark(written)
      copies.mark(written)
      for (const { series, interval } of written) progress.mark(series, interval.slotMs, nowMs)
      for (const { window } of works) windows.clear(window)
      const touched = written.length === 0 ? [] : dependents?.(written.map(({ interval }) => interval))
      for (const stretch of touched ?? []) windows.mark(stretch)
      return written.length
    })
    onRevisions(revisions)
    return revisions
  }

  function withKept(late: Omit<LateAfterLock, 'kept'>): LateAfterLock {
    const { meter, quantity, slotMs } = late.computed
    const [kept] = intervals.between(meter, quantity, { fromMs: slotMs, toMs: slotMs + 1 })
    return { ...late, kept }
  }

  const keptFromMs = (meter: string): number => file.read(() => keptFrom.of(meter))

  return {
    useRules: (meter, text, inputs = []) =>
      file.write(() => {
        if (!rules.change(meter, text)) return false
        for (const each of [meter, ...inputs]) {
          const recorded = intervals.extentOf(each)
          if (recorded !== undefined) windows.mark({ meter, ...recorded })
        }
        return true
      }),
    dirtyWindows: (limit) => file.read(() => windows.list(limit)),
    markDirty: (stretches) => {
      file.write(() => {
        for (const stretch of stretches) windows.mark(stretch)
      })
    },
    extentOf: (meter) => file.read(() => intervals.extentOf(meter)),
    record: (window, computed, nowMs, dependents) =>
      recordAll([{ window, intervals: computed }], nowMs, dependents),
    recordAll,
    lock: (request) => file.write(() => locks.lock(request)),
    unlock: (id, by, why, atMs) => {
      file.write(() => {
        for (const stretch of locks.unlock(id, by, why, atMs)) windows.mark(stretch)
      })
    },
    locks: () => file.read(() => locks.list()),
    lateAfterLock: (id) => file.read(() => locks.lateAfter(id).map(withKept)),
    lateSlots: (...register) => file.read(() => locks.lateSlots(...register).map(withKept)),
    lateRegisters: () => file.read(() => locks.lateRegisters()),
    keptFromMs,
    releaseReadings: (meter, beforeMs) => file.write(() => keptFrom.release(meter, beforeMs)),
    loseReadings: (meter, beforeMs) => {
      if (beforeMs > keptFromMs(meter))
        file.write(() => {
          keptFrom.lose(meter, beforeMs)
        })
    },
    standing: (meter) => file.read(() => keptFrom.standing(meter)),
    deletable: (meter) => file.read(() => keptFrom.deletable(meter)),
    intervals: (...slots) => file.read(() => intervals.between(...slots)),
    revisions: (...slot) => file.read(() => intervals.revisions(...slot)),
    daySums: (...asked) => file.read(() => days.between(...asked)),
    sumsOver: (...asked) => file.read(() => months.between(...asked)),
    settleDays: (nowMs, limit) =>
      file.write(() => {
        const summed = days.settle(nowMs, limit)
        // Days first: months are joined from them.
        return summed < limit ? summed + months.settle(nowMs, limit - summed) : summed
      }),
    copyIntervalsTo: (target, again = false) => {
      file.write(() => copies.useTarget(target, again))
    },
    intervalsToCopy: (nowMs, limit) => file.read(() => copies.list(nowMs, limit)),
    intervalsCopied: (copied) => {
      file.write(() => copies.done(copied))
    },
    slotProof: (...asked) => file.read(() => parts.slotProof(...asked)),
  }
}
