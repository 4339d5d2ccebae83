import { z } from 'zod'
import { carrierNames } from '#contract/carriers.ts'
import { posting } from '#contract/entry.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import { intervalBases, intervalMethods } from '#contract/interval.ts'
import { quantityName } from '#contract/quantities.ts'
import { canonicalUnits } from '#contract/units.ts'
import { energyTotal, flow, liveValue } from './shapes.ts'

/** What is answered on the way from a figure down to the register. */

export const slotRevision = z.object({
  revision: z.int(),
  /** Exact; null where the slot is missing in this revision, and why. */
  energy: z.string().nullable(),
  method: z.enum(intervalMethods).nullable(),
  basis: z.enum(intervalBases).nullable(),
  coverage: z.number().nullable(),
  cause: z.enum(['no-readings', 'undecided', 'input-missing']).nullable(),
  /** Of a virtual meter. */
  formula: z.string().nullable(),
  /** Digest of what a person entered. */
  entry: z.string().nullable(),
  /** Readings that the energy lies between; first and last where it rests on many. */
  readings: z.array(
    z.object({
      atMs: epochMs,
      value: z.string(),
      gateway: identifier.nullable(),
      /** Null where no batch is found: data that came long after they were read, or were entered by a person. */
      batch: z.object({ epoch: z.string(), seq: z.int(), committedAtMs: epochMs }).nullable(),
    }),
  ),
  /** Slots that it was computed from; revision 0 was never computed. */
  inputs: z.array(
    z.object({ meter: identifier, quantity: quantityName, slotMs: epochMs, revision: z.int() }),
  ),
})
export type SlotRevisionTrace = z.infer<typeof slotRevision>

/** A slot of a meter with all its revisions, newest first. */
export const meterSlot = z.object({
  meter: identifier,
  quantity: quantityName,
  unit: z.enum(canonicalUnits),
  slotMs: epochMs,
  revisions: z.array(slotRevision),
})
export type MeterSlot = z.infer<typeof meterSlot>

/** What a total of meters is the sum of. */
export const energyParts = z.object({
  carrier: z.enum(carrierNames),
  flow,
  from: z.iso.date(),
  to: z.iso.date(),
  /** One for each unit, because units are not added. */
  totals: z.array(energyTotal),
  meters: z.array(z.object({ meter: identifier, total: energyTotal })),
})
export type EnergyParts = z.infer<typeof energyParts>

/** What a power is the sum of at a moment: the newest reading of each meter, and the batch that it came in. */
export const powerParts = z.object({
  flow: z.enum(['in', 'produced']),
  atMs: epochMs,
  /** Sum of what is fresh; null where nothing is. */
  total: z.number().nullable(),
  meters: z.array(
    z.object({
      meter: identifier,
      power: liveValue.nullable(),
      gateway: identifier.nullable(),
      batch: slotRevision.shape.readings.element.shape.batch,
    }),
  ),
})
export type PowerParts = z.infer<typeof powerParts>

/** What the meters of an account's sources come to in a day so far, as its month's posting will count it. */
export const dayPostings = z.object({
  account: identifier,
  day: z.iso.date(),
  fromMs: epochMs,
  toMs: epochMs,
  tCo2: z.string().nullable(),
  incomplete: z.boolean(),
  sourceNames: z.record(z.string(), localName),
  postings: z.array(posting),
})
