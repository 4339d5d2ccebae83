import { z } from 'zod'
import type { Amount } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { energySources, meterEvent, type Meter, type MeterEvent } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import { quantitiesOf } from '#intervals/recompute.ts'
import { digestOf } from '#ingest/meter-entry.ts'
import { contradictionsOf } from '../event-contradictions.ts'
import {
  atDesk,
  decidedMeter,
  decimal,
  enter,
  placeOptions,
  requireTime,
  whoOptions,
} from '../meter-entries.ts'
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
  final: decimal.optional().meta({ description: 'replacement, reset, ratio: the register just before' }),
  initial: decimal.optional().meta({ description: 'replacement, reset, ratio: the register just after' }),
  before: text.optional().meta({ description: 'ratio: energy = advance × this, until then' }),
  after: text.optional().meta({ description: 'ratio: energy = advance × this, from then on' }),
  'wraps-at': decimal.optional().meta({ description: 'rollover: the value at which it started again' }),
  anyway: flag('Enter it although it contradicts what was read or another event'),
  ...whoOptions,
})

type Given = z.output<typeof options>

/** Options without which a kind says nothing. */
const needed: Readonly<Record<Given['kind'], readonly (keyof Given)[]>> = {
  replacement: ['final', 'initial'],
  reset: ['final', 'initial'],
  ratio: ['before', 'after', 'final', 'initial'],
  rollover: ['wraps-at'],
  ignored: [],
  confirmed: [],
}

/** What changes something of a meter without a register of its own. */
const meant: Readonly<Record<'power' | 'advances', readonly Given['kind'][]>> = {
  power: ['ratio', 'ignored'],
  advances: ['ratio', 'ignored', 'confirmed'],
}

/** Without a register there is none to be read at the moment of an event. */
const NO_REGISTER: Amount = { count: 0, resolution: '1' }

/**
 * The event that is meant, with what need not be said. Throws `argument-invalid` for one that would change nothing: of a
 * meter whose energy rests on something else, or of another quantity.
 */
function meantBy(given: Given, meter: Meter): MeterEvent {
  const { kind, at, until, before, after } = given
  const { id, energyFrom, power, register } = meter
  if (meter.formula !== undefined)
    throw new Fault('argument-invalid', `--meter: ${id} follows from others by a formula; say it of these`)
  const hasRegister = energyFrom !== 'power' && energyFrom !== 'advances'
  if (!hasRegister && !meant[energyFrom].includes(kind))
    throw new Fault(
      'argument-invalid',
      `--kind: energy of ${id} is ${energySources[energyFrom]}; only ${meant[energyFrom].join(', ')} can change it`,
    )
  const restsOn = energyFrom === 'power' && kind === 'ignored' ? power : register
  const quantity = given.quantity ?? restsOn ?? register
  const known = energyFrom === 'power' ? [register, power] : quantitiesOf(meter)
  if (!known.includes(quantity) || (energyFrom === 'power' && quantity !== restsOn))
    throw new Fault('argument-invalid', `--quantity: no energy of ${id} rests on ${quantity} here`)
  const final = given.final ?? (hasRegister ? undefined : NO_REGISTER)
  const initial = given.initial ?? (hasRegister ? undefined : NO_REGISTER)
  const missing = needed[kind].filter(
    (name) => given[name] === undefined && (hasRegister || (name !== 'final' && name !== 'initial')),
  )
  if (missing.length > 0)
    throw new Fault(
      'argument-invalid',
      `--kind ${kind} needs ${missing.map((name) => `--${name}`).join(' and ')}`,
    )
  const stated = { kind, at, until, quantity, before, after, wrapsAt: given['wraps-at'] }
  const registers = needed[kind].includes('final') ? { final, initial } : {}
  const event = meterEvent.safeParse(
    Object.fromEntries(
      Object.entries({ ...stated, ...registers }).filter(([, value]) => value !== undefined),
    ),
  )
  if (!event.success) throw new Fault('argument-invalid', `--kind ${kind}: ${z.prettifyError(event.error)}`)
  return event.data
}

/** What a person decides of a meter's register. */
export const eventAdd = verb('Decide what happened to a meter or its register', options, (given) =>
  atDesk(given, async (desk) => {
    const { at, by, reason: why } = given
    const event = meantBy(given, desk.meter)
    requireTime(desk, 'at', Temporal.Instant.from(at).epochMilliseconds)
    const entry = { kind: 'event', meter: desk.meter.id, event, by, why } as const
    const others = { ...desk, entries: desk.entries.filter(({ digest }) => digest !== digestOf(entry)) }
    const found = await contradictionsOf(event, decidedMeter(others), desk.store)
    if (found.length > 0 && !given.anyway)
      throw new Fault(
        'event-contradicts',
        `It contradicts what is there: ${found.join('; ')}. Nothing was entered.`,
        {
          place: { path: `${desk.meter.id} ${event.kind} ${event.at}` },
        },
      )
    await enter(desk, entry)
    for (const each of found) console.log(`although it contradicts: ${each}`)
  }),
)
