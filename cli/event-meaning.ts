import { z } from 'zod'
import type { Amount } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import type { GivenEvent } from '#contract/meter-entry.ts'
import { energySources, meterEvent, type Meter, type MeterEvent } from '#contract/park.ts'
import { quantitiesOf } from '#intervals/recompute.ts'

/** What a person says of an event, and which event is meant by it (pure). */

type Field = keyof GivenEvent

/** How a field is called where it was given: an option here, a member of a body there. */
export type FieldName = (field: Field | 'meter') => string

/** Fields without which a kind says nothing. */
const needed: Readonly<Record<GivenEvent['kind'], readonly Field[]>> = {
  replacement: ['final', 'initial'],
  reset: ['final', 'initial'],
  ratio: ['before', 'after', 'final', 'initial'],
  rollover: ['wrapsAt'],
  ignored: [],
  confirmed: [],
}

/** What changes something of a meter without a register of its own. */
const meant: Readonly<Record<'power' | 'advances', readonly GivenEvent['kind'][]>> = {
  power: ['ratio', 'ignored'],
  advances: ['ratio', 'ignored', 'confirmed'],
}

/** Without a register there is none to be read at the moment of an event. */
const NO_REGISTER: Amount = { count: 0, resolution: '1' }

/**
 * The event that is meant, with what need not be said. Throws `argument-invalid` for one that would change nothing: of a
 * meter whose energy rests on something else, or of another quantity.
 */
export function eventMeant(given: GivenEvent, meter: Meter, nameOf: FieldName): MeterEvent {
  const { kind } = given
  const { id, energyFrom, power, register } = meter
  if (meter.formula !== undefined)
    throw new Fault(
      'argument-invalid',
      `${nameOf('meter')}: ${id} follows from others by a formula; say it of these`,
    )
  const hasRegister = energyFrom !== 'power' && energyFrom !== 'advances'
  if (!hasRegister && !meant[energyFrom].includes(kind))
    throw new Fault(
      'argument-invalid',
      `${nameOf('kind')}: energy of ${id} is ${energySources[energyFrom]}; only ${meant[energyFrom].join(', ')} can change it`,
    )
  const restsOn = energyFrom === 'power' && kind === 'ignored' ? power : register
  const quantity = given.quantity ?? restsOn ?? register
  const known = energyFrom === 'power' ? [register, power] : quantitiesOf(meter)
  if (!known.includes(quantity) || (energyFrom === 'power' && quantity !== restsOn))
    throw new Fault('argument-invalid', `${nameOf('quantity')}: no energy of ${id} rests on ${quantity} here`)
  const missing = needed[kind].filter(
    (name) => given[name] === undefined && (hasRegister || (name !== 'final' && name !== 'initial')),
  )
  if (missing.length > 0)
    throw new Fault(
      'argument-invalid',
      `${nameOf('kind')} ${kind} needs ${missing.map((name) => nameOf(name)).join(' and ')}`,
    )
  const { final, initial, ...others } = given
  const atRest = hasRegister ? undefined : NO_REGISTER
  const registers = needed[kind].includes('final')
    ? { final: final ?? atRest, initial: initial ?? atRest }
    : {}
  const event = meterEvent.safeParse(
    Object.fromEntries(
      Object.entries({ ...others, quantity, ...registers }).filter(([, value]) => value !== undefined),
    ),
  )
  if (!event.success)
    throw new Fault('argument-invalid', `${nameOf('kind')} ${kind}: ${z.prettifyError(event.error)}`)
  return event.data
}
