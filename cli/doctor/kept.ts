import { existsSync } from 'node:fs'
import { withoutPassword } from '#contract/shown-url.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { failed, type Finding } from './finding.ts'

/** The URL of a store of which what is missing is to be found, not to be made. */
export function withoutMaking(url: string): string {
  return url.replace(/([?&])create=true&?/, '$1').replace(/[?&]$/, '')
}

/** Whether the store of the readings takes a write. Makes nothing that is not there. */
export async function checkStore(url: string, nowMs: number): Promise<Finding> {
  const check = 'store'
  if (url.startsWith('sqlite:') && !existsSync(url.slice('sqlite:'.length))) {
    return { check, state: 'skipped', what: `${url} is not there yet; the first start makes it.` }
  }
  try {
    const store = await openReadingStore(withoutMaking(url))
    try {
      await store.probe(nowMs)
    } finally {
      await store.close()
    }
    return { check, state: 'ok', what: `${withoutPassword(url)} takes writes.` }
  } catch (error) {
    return failed(check, error)
  }
}

/** What the books say beside whether they can be written. */
export interface BooksFound {
  readonly findings: readonly Finding[]
  /** Time of the newest commit record that they know. */
  readonly followedUntilMs: number | undefined
}

/** Whether the books can be written, and what waits in them for a person. */
export function checkBooks(file: string): BooksFound {
  const check = 'books'
  if (!existsSync(file)) {
    const what = `${file} is not there yet; the first start makes it.`
    return { findings: [{ check, state: 'skipped', what }], followedUntilMs: undefined }
  }
  try {
    const books = openBooks(file)
    try {
      books.probe()
      const { quarantined, gaps, openGaps, missingBatches, dirtyWindows } = books.counts()
      const overflow = books.quarantineOverflow().reduce((sum, { refusals }) => sum + refusals, 0)
      const findings: Finding[] = [
        {
          check,
          state: 'ok',
          what: `${file} takes writes; ${gaps} declared gaps, ${dirtyWindows} windows to compute.`,
        },
      ]
      if (quarantined > 0 || overflow > 0) {
        findings.push({
          check,
          state: 'warning',
          what:
            overflow === 0
              ? `${quarantined} entries in quarantine.`
              : `${quarantined} entries in quarantine; ${overflow} more were beyond its bounds, and are only counted.`,
          advice: 'Look at them with "tanbiao quarantine list": each has its reason and its payload.',
        })
      }
      if (missingBatches > 0) {
        findings.push({
          check,
          state: 'warning',
          what: `${missingBatches} batches have not arrived though later ones have.`,
          advice: 'They come from their gateways’ journals; if they do not, look at the gateways’ health.',
        })
      }
      if (openGaps.undecided > 0) {
        findings.push({
          check,
          state: 'warning',
          what: `${openGaps.undecided} stretches of registers wait for a decision and are in no energy.`,
          advice:
            'See them with "tanbiao gaps list", and say what happened with "tanbiao event add" (docs/by-hand.md).',
        })
      }
      const followedMs = books.followedUntilMs()
      return { findings, followedUntilMs: followedMs === 0 ? undefined : followedMs }
    } finally {
      books.close()
    }
  } catch (error) {
    return { findings: [failed(check, error)], followedUntilMs: undefined }
  }
}
