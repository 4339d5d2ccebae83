import { z } from 'zod'
import { carrierNames } from '#contract/carriers.ts'
import { decimalText } from '#contract/decimal-text.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import { usableQuality } from '#contract/reading.ts'
import { canonicalUnits } from '#contract/units.ts'
import { energyTotal, flow } from './shapes.ts'

/** What /api/enterprises/:enterprise answers; the park’s id stands for what the park uses for itself. */

const carrier = z.enum(carrierNames)
const unit = z.enum(canonicalUnits)

export const enterpriseLoad = z.object({
  enterprise: identifier,
  carrier,
  day: z.iso.date(),
  fromMs: epochMs,
  toMs: epochMs,
  /** Unit of the energy; a slot's mean is in this unit an hour, which is kW for kWh. */
  unit,
  /** Meters that are added; empty where none measures this carrier. */
  meters: z.array(identifier),
  slots: z.array(
    z.object({
      slotMs: epochMs,
      /** Mean of the slot: its energy × 4. Null where a meter of the sum has none. */
      perHour: decimalText.nullable(),
      /** Measured from line to line at every meter. */
      whole: z.boolean(),
    }),
  ),
})
export type EnterpriseLoad = z.infer<typeof enterpriseLoad>

export const enterpriseProfile = z.object({
  enterprise: identifier,
  carrier,
  month: z.string(),
  unit,
  /** Energy of each hour on the wall; null where a slot of it is missing. */
  days: z.array(z.object({ date: z.iso.date(), weekday: z.int(), hours: z.array(decimalText.nullable()) })),
})
export type EnterpriseProfile = z.infer<typeof enterpriseProfile>

const energies = z.array(energyTotal.extend({ carrier }))

export const enterpriseMonth = z.object({
  enterprise: identifier,
  name: localName,
  month: z.string(),
  fromMs: epochMs,
  toMs: epochMs,
  carriers: z.array(energyTotal.extend({ carrier, flow, meters: z.array(identifier) })),
  /** Workshops and equipment: what enters each. `parent` null is a workshop. */
  nodes: z.array(z.object({ id: identifier, parent: identifier.nullable(), name: localName, energies })),
  /** Incomers whose power factor is read, with their newest value. */
  powerFactors: z.array(
    z.object({
      meter: identifier,
      name: localName,
      value: z.number().nullable(),
      quality: z.enum([...usableQuality.options, 'bad']),
      atMs: epochMs,
    }),
  ),
  /** Products of which something was entered for the month, or that a meter counts. */
  products: z.array(
    z.object({
      product: z.string(),
      unit: z.string(),
      quantity: decimalText
        .nullable()
        .meta({ description: 'null where nothing is known, or it is stated twice' }),
      /** The meter that counts it, by the accounting plan. */
      meter: z.string().nullable(),
      state: z.enum(['recorded', 'counted', 'counted-in-part', 'conflict']).meta({
        description: 'conflict: the records state it for days that the meter counts',
      }),
      records: z.array(z.int()),
      /** Energy an amount of product, for each carrier taken in; only where it is the one product of the month. */
      specific: z.array(z.object({ carrier, unit, perUnit: decimalText, complete: z.boolean() })),
    }),
  ),
  /** Records of production that reach beyond the month: they are in no product. */
  recordsBeyond: z.array(z.int()),
  /** What the accounting plan has for it, so that a page need not ask for what is not there. */
  plan: z.object({ load: z.boolean(), cost: z.boolean(), demandContractKw: decimalText.nullable() }),
})
export type EnterpriseMonth = z.infer<typeof enterpriseMonth>
