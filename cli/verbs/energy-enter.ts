import { z } from 'zod'
import { writtenAmount } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { atDesk, enter, placeOptions, requireTime, whoOptions } from '../meter-entries.ts'
import { instant, text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  ...placeOptions,
  meter: text.meta({ description: 'The meter' }),
  from: instant.meta({ description: 'Start of the period, at a quarter of an hour' }),
  to: instant.meta({ description: 'Its end, at a quarter of an hour' }),
  energy: writtenAmount.meta({ description: 'What flowed in it, in the unit of the register' }),
  ...whoOptions,
})

/** Energy of a period, as a bill says it, goes into the slots of which nothing else is known. */
export const energyEnter = verb('Enter the energy of a period, of a bill for example', options, (given) =>
  atDesk(given, async (desk) => {
    const { from: fromMs, to: toMs, energy, by, reason: why } = given
    for (const [name, atMs] of [
      ['from', fromMs],
      ['to', toMs],
    ] as const) {
      requireTime(desk, `--${name}`, atMs)
      if (atMs % SLOT_MS !== 0) throw new Fault('argument-invalid', `--${name}: not at a quarter of an hour`)
    }
    if (fromMs >= toMs) throw new Fault('argument-invalid', '--to: not after --from')
    if (desk.meter.formula !== undefined)
      throw new Fault('argument-invalid', `--meter: ${desk.meter.id} follows from others by a formula`)
    const { id: meter, register: quantity } = desk.meter
    await enter(desk, { kind: 'energy', meter, quantity, fromMs, toMs, energy, by, why })
  }),
)
