import { z } from 'zod'
import { writtenAmount } from '#contract/amount.ts'
import { quantityName } from '#contract/quantities.ts'
import { decideEvent } from '../event-decision.ts'
import { atDesk, placeOptions, tellEntered, whoOptions } from '../meter-entries.ts'
import { flag, text } from '../options.ts'
import { verb } from '../verb.ts'

const moment = z.iso.datetime({ offset: true, error: 'an instant such as 2025-11-01T00:00:00+08:00' })

const options = z.object({
  ...placeOptions,
  meter: text.meta({ description: 'The meter' }),
  kind: z.enum(['replacement', 'reset', 'ratio', 'rollover', 'ignored', 'confirmed']).meta({
    description: 'replacement, reset, ratio, rollover, ignored or confirmed (docs/schemas/park.json)',
  }),
  quantity: quantityName
    .optional()
    .meta({ description: 'The register, where it is not the one of the park file' }),
  at: moment.meta({ description: 'When it happened' }),
  until: moment.optional().meta({ description: 'ignored: the last moment of the wrong readings' }),
  final: writtenAmount
    .optional()
    .meta({ description: 'replacement, reset, ratio: the register just before' }),
  initial: writtenAmount
    .optional()
    .meta({ description: 'replacement, reset, ratio: the register just after' }),
  before: text.optional().meta({ description: 'ratio: energy = advance × this, until then' }),
  after: text.optional().meta({ description: 'ratio: energy = advance × this, from then on' }),
  'wraps-at': writtenAmount.optional().meta({ description: 'rollover: the value at which it started again' }),
  anyway: flag('Enter it although it contradicts what was read or another event'),
  ...whoOptions,
})

/** Options are written with hyphens. */
const optionOf = (field: string): string =>
  `--${field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

/** What a person decides of a meter's register. */
export const eventAdd = verb('Decide what happened to a meter or its register', options, (given) =>
  atDesk(given, async (desk) => {
    const { kind, at, until, quantity, final, initial, before, after } = given
    const event = { kind, at, until, quantity, final, initial, before, after, wrapsAt: given['wraps-at'] }
    const { by, reason, anyway } = given
    const entered = await decideEvent(desk, event, { by, reason, anyway, nameOf: optionOf })
    tellEntered(entered)
    for (const each of entered.although) console.log(`although it contradicts: ${each}`)
  }),
)
