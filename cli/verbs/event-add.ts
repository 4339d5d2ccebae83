import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { meterEvent } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import { atDesk, decimal, enter, placeOptions, requireTime, whoOptions } from '../meter-entries.ts'
import { text } from '../options.ts'
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
  final: decimal.optional().meta({ description: 'replacement, reset, ratio: the register just before' }),
  initial: decimal.optional().meta({ description: 'replacement, reset, ratio: the register just after' }),
  before: text.optional().meta({ description: 'ratio: energy = advance × this, until then' }),
  after: text.optional().meta({ description: 'ratio: energy = advance × this, from then on' }),
  'wraps-at': decimal.optional().meta({ description: 'rollover: the value at which it started again' }),
  ...whoOptions,
})

/** What a person decides of a meter's register. */
export const eventAdd = verb('Decide what happened to a meter or its register', options, (given) =>
  atDesk(given, async (desk) => {
    const { kind, at, until, final, initial, before, after, by, why } = given
    const quantity = given.quantity ?? desk.meter.register
    requireTime(desk, 'at', Temporal.Instant.from(at).epochMilliseconds)
    const stated = { kind, at, quantity, until, final, initial, before, after, wrapsAt: given['wraps-at'] }
    const event = meterEvent.safeParse(
      Object.fromEntries(Object.entries(stated).filter(([, value]) => value !== undefined)),
    )
    if (!event.success) throw new Fault('argument-invalid', `--kind ${kind}: ${z.prettifyError(event.error)}`)
    await enter(desk, { kind: 'event', meter: desk.meter.id, event: event.data, by, why })
  }),
)
