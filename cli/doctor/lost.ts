import { existsSync } from 'node:fs'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { findLost, rangesOf, type LookedFor } from '../lost-batches.ts'
import { failed, type Finding } from './finding.ts'
import { withoutMaking } from './kept.ts'

/** Ranges of numbers that are named. */
const NAMED_MAX = 20

/** Whether the store still holds what the books read out of it within the last day. For a store that is there; writes nothing. */
export async function checkLost(url: string, booksFile: string, nowMs: number): Promise<Finding[]> {
  if (!existsSync(booksFile)) return []
  let store: ReadingStore | undefined
  try {
    const books = openBooks(booksFile)
    try {
      store = await openReadingStore(withoutMaking(url))
      return lostFindings(await findLost({ store, books }, nowMs))
    } finally {
      books.close()
    }
  } catch (error) {
    return [failed('store', error)]
  } finally {
    await store?.close()
  }
}

function lostFindings({ looked, lost }: LookedFor): Finding[] {
  const check = 'store'
  if (looked.length === 0) return []
  if (lost.length === 0) {
    return [{ check, state: 'ok', what: `It holds all ${looked.length} newest batches that the books know.` }]
  }
  const ranges = rangesOf(lost).map(
    ({ gateway, epoch, firstSeq, lastSeq }) =>
      `${gateway} ${firstSeq === lastSeq ? firstSeq : `${firstSeq} to ${lastSeq}`} (epoch ${epoch})`,
  )
  const numberless = lost.filter(({ epoch }) => epoch === null).length
  if (numberless > 0) ranges.push(`${numberless} without a number`)
  const more = ranges.length > NAMED_MAX ? `, and ${ranges.length - NAMED_MAX} more` : ''
  return [
    {
      check,
      state: 'fault',
      what: `It holds ${lost.length} of ${looked.length} acknowledged batches no more: ${ranges.slice(0, NAMED_MAX).join(', ')}${more}.`,
      advice:
        'It has lost what it had acknowledged, or is another store. A running server asks the gateways for them, every ten minutes while they keep them (docs/operations.md).',
    },
  ]
}
