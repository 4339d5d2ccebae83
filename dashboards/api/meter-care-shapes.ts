import { z } from 'zod'
import { gapEntry } from '#contract/gap.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { stateMessage } from '#contract/messages.ts'
import { meterEvent } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import { canonicalUnits } from '#contract/units.ts'
import { quarantineLine } from './shapes.ts'

/** What /api/meters/:id/events, …/quality and …/reader answer. */

/** Who said it, on what ground; withdrawn: it was wrong, and counts no longer. */
const said = z.object({
  entry: z.string(),
  by: z.string(),
  why: z.string(),
  enteredMs: epochMs,
  withdrawn: z.boolean(),
})

export const meterEvents = z.object({
  meter: identifier,
  /** Newest first; `said` null: it stands in the park file. */
  events: z.array(z.object({ atMs: epochMs, event: meterEvent, said: said.nullable() })),
  /** What persons read off or took from bills, newest first. */
  entries: z.array(
    z.object({
      kind: z.enum(['reading', 'energy']),
      quantity: quantityName,
      unit: z.enum(canonicalUnits),
      /** Exact decimal text: the register, or the energy of the period. */
      value: z.string(),
      fromMs: epochMs,
      /** Null for a reading of the register. */
      toMs: epochMs.nullable(),
      said,
    }),
  ),
})
export type MeterEvents = z.infer<typeof meterEvents>

export const meterQuality = z.object({
  meter: identifier,
  /** Newest first. */
  gaps: z.array(gapEntry),
  quarantine: z.array(quarantineLine),
  /** So many of the newest entries of quarantine are looked through. */
  searched: z.int(),
})
export type MeterQuality = z.infer<typeof meterQuality>

/** A line as its gateway counts it since its start. */
const busLine = stateMessage.shape.buses.unwrap().element

export const meterReader = z.object({
  meter: identifier,
  /** Null where it is not read, but follows from others or is entered by persons. */
  gateway: identifier.nullable(),
  /** When the gateway said what follows; null: nothing yet. */
  saidMs: epochMs.nullable(),
  /** The gateway's own word of this meter. */
  line: stateMessage.shape.meters.unwrap().element.nullable(),
  bus: busLine.nullable(),
})
