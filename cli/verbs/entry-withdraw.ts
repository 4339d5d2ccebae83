import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { touchedBy, withdrawFromMeter } from '#ingest/meter-entry.ts'
import { atDesk, placeOptions, whoOptions } from '../meter-entries.ts'
import { text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  ...placeOptions,
  meter: text.meta({ description: 'The meter' }),
  entry: z
    .string()
    .regex(/^[0-9a-f]{6,64}$/, 'the beginning of an entry’s number')
    .meta({
      description: 'The entry, as `event list` shows it',
    }),
  ...whoOptions,
})

/** Takes an entry back. It stays in the books, and counts for nothing. */
export const entryWithdraw = verb('Take back what was entered of a meter', options, (given) =>
  atDesk(given, async ({ meter, store, clock, entries }) => {
    const found = entries.filter(({ digest }) => digest.startsWith(given.entry))
    const [one] = found
    const entry = one?.entry
    if (one === undefined || found.length > 1 || entry === undefined || entry.kind === 'withdrawal')
      throw new Fault('not-found', `${found.length} entries of ${meter.id} begin with ${given.entry}.`)
    const touched = touchedBy(entry, meter, clock.wallMs())
    const { by, reason: why } = given
    await withdrawFromMeter({ ...one, entry }, entries, { by, why, touched }, store, clock)
    console.log(`${one.digest.slice(0, 12)} withdrawn; its intervals are computed again within a minute`)
  }),
)
