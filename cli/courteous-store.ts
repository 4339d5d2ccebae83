import { setImmediate as turn } from 'node:timers/promises'
import type { ReadingStore } from '#store/port.ts'

/**
 * A store for work that may take its time: before each series of registers everything else that waits in this process
 * has its turn. An embedded store answers without ever waiting, so a year of intervals to compute would otherwise keep
 * pages and gateways waiting until the last of them.
 */
export function courteous(store: ReadingStore): ReadingStore {
  return {
    append: (...given) => store.append(...given),
    appendCommits: (...given) => store.appendCommits(...given),
    commitsSince: (...given) => store.commitsSince(...given),
    readings: (...given) => store.readings(...given),
    registerSeries: async (...given) => {
      await turn()
      return store.registerSeries(...given)
    },
    latest: (...given) => store.latest(...given),
    probe: (nowMs) => store.probe(nowMs),
    close: () => store.close(),
  }
}
