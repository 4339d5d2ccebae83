import { z } from 'zod'
import { refusal } from '#contract/commit.ts'
import { carrierNames } from '#contract/carriers.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import { gapEntry } from '#contract/gap.ts'
import { boundaryMethods, intervalBases, intervalMethods } from '#contract/interval.ts'
import { gapRecord } from '#contract/messages.ts'
import { balanceRoles, type BalanceRole } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import { badCause, usableQuality } from '#contract/reading.ts'
import { canonicalUnits } from '#contract/units.ts'
import { calendarParts } from '#intervals/rollup.ts'
import { meterStates, silences } from '../presence.ts'

/**
 * The shapes of the HTTP API and of the live stream: the server writes by them, the page reads by them.
 * Energy is an exact decimal text, because it is summed as counts; a null where nothing is known, never a zero.
 * Ages are by the server's clock at the moment of `nowMs`.
 */

const unit = z.enum(canonicalUnits)
const carrier = z.enum(carrierNames)
const decimal = z.string().regex(/^-?\d+(\.\d+)?$/)
const role = z.enum(Object.keys(balanceRoles).filter((name): name is BalanceRole => name in balanceRoles))

/** in: bought. out: sold. produced: primary production inside the boundary. */
export const flow = z.enum(['in', 'out', 'produced'])
export type Flow = z.infer<typeof flow>

const meterFacts = z.object({
  id: identifier,
  name: localName,
  carrier,
  role,
  /** Null where it is not read but follows from others. */
  gateway: identifier.nullable(),
  upstream: identifier.nullable(),
  register: z.object({ quantity: quantityName, unit }),
  power: z.object({ quantity: quantityName, unit }).nullable(),
})
export type MeterFacts = z.infer<typeof meterFacts>

const meters = z.array(meterFacts)
const equipment = z.object({ id: identifier, name: localName, meters })
const process = z.object({ id: identifier, name: localName, meters, equipment: z.array(equipment) })
const enterprise = z.object({
  id: identifier,
  name: localName,
  industry: z.string().nullable(),
  meters,
  processes: z.array(process),
})

export const parkTree = z.object({
  /** False where the park has no accounting plan: then nothing of it is counted as carbon or standard coal. */
  accounting: z.boolean(),
  id: identifier,
  name: localName,
  timeZone: z.string(),
  meters,
  enterprises: z.array(enterprise),
  gateways: z.array(z.object({ id: identifier, name: localName, silentAfterSeconds: z.number() })),
})
export type ParkTree = z.infer<typeof parkTree>

/** Slots of a day that have begun: known + missing + pending = expected; partial ones are among the known. */
const slotCounts = {
  expected: z.int(),
  known: z.int(),
  /** Known, but a stretch of the slot is not in the energy. */
  partial: z.int(),
  missing: z.int(),
  /** Not computed yet, and too young to be called missing. */
  pending: z.int(),
}

export const energyTotal = z.object({
  total: decimal.nullable(),
  unit,
  simulated: z.boolean(),
  /** Every expected slot is known in full, but for those still pending. */
  complete: z.boolean(),
  ...slotCounts,
})
export type EnergyTotal = z.infer<typeof energyTotal>

const energyLine = energyTotal.extend({ enterprise: identifier.nullable(), carrier, flow })
export type EnergyLine = z.infer<typeof energyLine>

/** Power of the boundary or production meters of a scope; `enterprise` null is the park. */
const powerLine = z.object({
  enterprise: identifier.nullable(),
  flow,
  value: z.number().nullable(),
  unit,
  /** Meters whose fresh value is in the sum, of those that should be. */
  counted: z.int(),
  expected: z.int(),
})
export type PowerLine = z.infer<typeof powerLine>

export const liveValue = z.object({
  value: z.number(),
  /** Exact text of a register; null for a momentary value. */
  exact: decimal.nullable(),
  unit,
  quality: usableQuality,
  atMs: epochMs,
  ageMs: z.number(),
  fresh: z.boolean(),
})
export type LiveValue = z.infer<typeof liveValue>

const liveMeter = z.object({
  meter: identifier,
  state: z.enum(meterStates),
  cause: badCause.nullable(),
  /** Age beyond which its values are stale. */
  limitMs: z.number(),
  /** In the direction that its register counts: positive where a meter of exported energy delivers. */
  power: liveValue.nullable(),
  register: liveValue.nullable(),
  today: energyTotal,
})
export type LiveMeter = z.infer<typeof liveMeter>

export const liveGateway = z.object({
  gateway: identifier,
  state: z.enum(['online', 'silent']),
  why: z.enum(silences).nullable(),
  heardMs: epochMs.nullable(),
  ageMs: z.number().nullable(),
  waitingRows: z.int().nullable(),
  metersOk: z.int(),
  meters: z.int(),
})
export type LiveGateway = z.infer<typeof liveGateway>

/** The snapshot of the live stream; its changes have the same shape, with only the meters that changed. */
export const overview = z.object({
  nowMs: epochMs,
  simulated: z.boolean(),
  /** The park's calendar day, YYYY-MM-DD. */
  day: z.iso.date(),
  power: z.array(powerLine),
  energy: z.array(energyLine),
  gateways: z.array(liveGateway),
  meters: z.array(liveMeter),
})
export type Overview = z.infer<typeof overview>

export const tick = z.object({ nowMs: epochMs })

const series = z.object({ enterprise: identifier.nullable(), values: z.array(z.number().nullable()) })
/** Electric load at common moments; null where a meter of the sum has no value. */
export const loadCurve = z.object({ unit, atMs: z.array(epochMs), series: z.array(series) })
export type LoadCurve = z.infer<typeof loadCurve>

const quantityReading = z.object({
  quantity: quantityName,
  label: localName,
  symbol: z.string(),
  unit,
  atMs: epochMs,
  ageMs: z.number(),
  quality: z.enum([...usableQuality.options, 'bad']),
  /** Null for a bad reading. */
  value: z.number().nullable(),
  exact: decimal.nullable(),
  cause: badCause.nullable(),
})

export const meterDetail = z.object({
  nowMs: epochMs,
  facts: meterFacts,
  path: z.array(z.object({ id: identifier, name: localName })),
  ratingPerHour: z.number(),
  installedMs: epochMs,
  live: liveMeter,
  readings: z.array(quantityReading),
})
export type MeterDetail = z.infer<typeof meterDetail>

export const meterCurve = z.object({
  quantity: quantityName,
  unit,
  fromMs: epochMs,
  toMs: epochMs,
  /** Null breaks the line: nothing is known there. */
  points: z.array(z.object({ atMs: epochMs, value: z.number().nullable() })),
})

const point = z.object({ atMs: epochMs, register: decimal })
const boundary = z.object({
  atMs: epochMs,
  register: decimal,
  method: z.enum(boundaryMethods),
  before: point,
  after: point,
})
const undecided = z.array(
  z.object({ from: point, to: point, reason: z.enum(['register-decreased', 'beyond-rating']) }),
)
const slot = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('known'),
    slotMs: epochMs,
    revision: z.int(),
    energy: decimal,
    method: z.enum(intervalMethods),
    coverage: z.number(),
    simulated: z.boolean(),
    /** It rests on a reading whose time or value is in doubt. */
    uncertain: z.boolean(),
    /** What the energy rests on; boundaries where that is a register, inputs where it is a formula over other meters. */
    basis: z.enum(intervalBases),
    opening: boundary.nullable(),
    closing: boundary.nullable(),
    inputs: z.array(z.object({ meter: identifier, quantity: quantityName, revision: z.int() })),
    undecided,
  }),
  z.object({
    state: z.literal('missing'),
    slotMs: epochMs,
    /** Null where the slot was never computed. */
    revision: z.int().nullable(),
    cause: z.enum(['no-readings', 'undecided', 'input-missing', 'not-computed']),
    undecided,
  }),
  z.object({ state: z.literal('pending'), slotMs: epochMs }),
])
export type Slot = z.infer<typeof slot>

export const meterIntervals = z.object({
  meter: identifier,
  quantity: quantityName,
  unit,
  day: z.iso.date(),
  fromMs: epochMs,
  toMs: epochMs,
  total: energyTotal,
  slots: z.array(slot),
})
export type MeterIntervals = z.infer<typeof meterIntervals>

const energySum = z.object({
  fromMs: epochMs,
  toMs: epochMs,
  /** Sum of the known slots. */
  total: decimal.nullable(),
  ...slotCounts,
  /** Every expected slot is known in full, but for those still pending. */
  complete: z.boolean(),
  /** Share of the expected time that lies between readings no further apart than the meter should be read. */
  coverage: z.number().nullable(),
  /** Slots with a stretch that waits for a person's decision. */
  undecided: z.int(),
  simulated: z.int(),
  uncertain: z.int(),
  /** The known slots by how they came about, best method first. */
  methods: z.array(z.object({ method: z.enum(intervalMethods), slots: z.int(), total: decimal })),
})

export const meterEnergy = z.object({
  meter: identifier,
  quantity: quantityName,
  unit,
  timeZone: z.string(),
  by: z.enum(calendarParts),
  whole: energySum,
  /** `name`: 2026-06-02T13:00+08:00, 2026-06-02, 2026-06 or 2026; the first and last one as far as they were asked for. */
  parts: z.array(energySum.extend({ name: z.string() })),
})
export type MeterEnergy = z.infer<typeof meterEnergy>

/** A refused payload or sample, and what a person decided on it. */
export const quarantineLine = z.object({
  id: z.int(),
  gateway: z.string(),
  digest: z.string(),
  committedAtMs: epochMs,
  /** With the first 4,000 characters of its payload. */
  refusal,
  payloadCharacters: z.int(),
  /** Only the beginning of the payload was kept. */
  isCut: z.boolean(),
  state: z.enum(['open', 'replayed', 'accepted', 'discarded']),
  decision: z
    .object({
      state: z.enum(['replayed', 'accepted', 'discarded']),
      by: z.string(),
      reason: z.string(),
      atMs: epochMs,
      payload: z.string().optional(),
    })
    .optional(),
})

export const quality = z.object({
  holes: z.array(
    z.object({
      gateway: z.string(),
      epoch: z.string(),
      firstSeq: z.int(),
      lastSeq: z.int(),
      /** Undecodable payloads of this gateway in quarantine: what is missing here may be among them. */
      unnumbered: z.int(),
    }),
  ),
  gaps: z.array(z.object({ record: gapRecord, committedAtMs: epochMs })),
  quarantine: z.array(quarantineLine),
  /** Refusals beyond the bounds of quarantine. */
  quarantineOverflow: z.array(
    z.object({
      gateway: z.string(),
      code: z.string(),
      firstMs: epochMs,
      lastMs: epochMs,
      refusals: z.int(),
      characters: z.int(),
    }),
  ),
  /** What is missing, newest first, with start, end, cause and state. */
  gapEntries: z.array(gapEntry),
})

/** The body of every answer that is not a success. */
export const faultBody = z.object({ code: z.string(), message: z.string(), advice: z.string() })
