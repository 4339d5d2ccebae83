import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { gapKinds, gapStates, isMissing, isOfTime, type GapEntry } from '#contract/gap.ts'
import { booksOptions, momentText, personOptions } from '../books-file.ts'
import { durationText } from '../search-progress.ts'
import { withBooks } from '../server-folder.ts'
import { tableLines } from '../table.ts'
import { verb } from '../verb.ts'

const listOptions = z.object({
  ...booksOptions,
  state: z
    .enum([...gapStates, 'all'])
    .default('open')
    .meta({ description: 'open, filled, accepted or all (open)' }),
  limit: z.coerce.number().int().min(1).max(10_000).default(50).meta({ description: 'Newest entries (50)' }),
})

function missingText({ kind, first, last, missing }: GapEntry): string {
  if (!isMissing(kind)) return ''
  if (isOfTime(kind)) return durationText(missing)
  return `${missing} of ${first}–${last}`
}

/** What is missing, newest first. */
export const gapsList = verb('List what is missing, and what became of it', listOptions, async (given) => {
  await withBooks(given.data, (books) => {
    const entries = books.gapEntries(given.limit, given.state === 'all' ? undefined : given.state)
    const rows = entries.map((entry) => [
      String(entry.id),
      entry.state,
      gapKinds[entry.kind].en,
      entry.meter ?? entry.gateway,
      momentText(entry.fromMs),
      entry.toMs === undefined ? 'goes on' : momentText(entry.toMs),
      missingText(entry),
      entry.cause,
      entry.decision === undefined ? '' : `${entry.decision.by}: ${entry.decision.reason}`,
    ])
    const head = ['id', 'state', 'what', 'of', 'from', 'to', 'missing', 'cause', 'accepted']
    for (const line of tableLines([head, ...rows], new Set([0]))) console.log(line)
    if (entries.some(({ kind, state }) => kind === 'undecided' && state === 'open'))
      console.log('\nSay what happened to a register: tanbiao event add --help')
  })
})

const acceptOptions = z.object({
  id: z.coerce.number().int().meta({ description: 'The entry' }),
  ...booksOptions,
  ...personOptions,
})

/** A gap is let be, with a person's reason. What comes late fills it all the same. */
export const gapsAccept = verb('Accept that something is missing', acceptOptions, async (given) => {
  const { by, reason } = given
  const isAccepted = await withBooks(given.data, (books, clock) =>
    books.acceptGap(given.id, { by, reason, atMs: clock.wallMs() }),
  )
  if (!isAccepted) throw new Fault('gap-closed', `There is no open gap ${given.id}.`)
  console.log(`gap ${given.id} is accepted`)
})
