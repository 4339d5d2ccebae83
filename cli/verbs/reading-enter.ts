import { z } from 'zod'
import { writtenAmount } from '#contract/amount.ts'
import { toDecimal } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { quantityName, quantityOf } from '#contract/quantities.ts'
import { atDesk, checkOf, checkText, enter, placeOptions, requireTime, whoOptions } from '../meter-entries.ts'
import { instant, text } from '../options.ts'
import { verb } from '../verb.ts'

const options = z.object({
  ...placeOptions,
  meter: text.meta({ description: 'The meter' }),
  quantity: quantityName
    .optional()
    .meta({ description: 'The register, where it is not the one of the park file' }),
  at: instant.meta({ description: 'When it was read off, e.g. 2025-11-01T08:00:00+08:00' }),
  value: writtenAmount.meta({ description: 'What it showed, in the unit of the register, e.g. 1234.5' }),
  ...whoOptions,
})

/** A register read off by a person becomes a reading of quality `manual`. */
export const readingEnter = verb('Enter a register that was read off by hand', options, (given) =>
  atDesk(given, async (desk) => {
    const { meter, store } = desk
    const quantity = given.quantity ?? meter.register
    if (meter.formula !== undefined || quantityOf(quantity).kind !== 'cumulative')
      throw new Fault(
        'argument-invalid',
        `--quantity: ${quantity} of ${meter.id} is no register that can be read off`,
      )
    requireTime(desk, '--at', given.at)
    const [same] = await store.readings(meter.id, quantity, { fromMs: given.at, toMs: given.at + 1 })
    if (
      same !== undefined &&
      same.quality !== 'bad' &&
      same.quality !== 'manual' &&
      typeof same.value !== 'number'
    ) {
      throw new Fault(
        'argument-invalid',
        `--at: the meter was read at this very moment and showed ${toDecimal(same.value)}; a reading by hand must not hide that`,
      )
    }
    const { at: atMs, value, by, reason: why } = given
    const check = await checkOf(desk, quantity, { atMs, value })
    const kept = await enter(desk, { kind: 'reading', meter: meter.id, quantity, atMs, value, by, why })
    // What comes too late is no point of the register, however well it fits.
    if (kept.standsUntilMs === undefined || check.kind === 'check') console.log(checkText(check, quantity))
  }),
)
