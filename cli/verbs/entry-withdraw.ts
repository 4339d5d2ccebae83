import { z } from 'zod'
import { atDesk, placeOptions, takeBack, whoOptions } from '../meter-entries.ts'
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
  atDesk(given, async (desk) => {
    const { digest } = await takeBack(desk, given.entry, given)
    console.log(`${digest.slice(0, 12)} withdrawn; its intervals are computed again within a minute`)
  }),
)
