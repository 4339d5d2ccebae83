import { z } from 'zod'
import { decimalText } from '#contract/decimal-text.ts'
import { gapEntry } from '#contract/gap.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { canonicalUnits } from '#contract/units.ts'
import { quarantineLine } from './shapes.ts'

/** What the addresses of data quality answer. */

export const completeness = z.object({
  month: z.string(),
  days: z.array(z.iso.date()),
  meters: z.array(
    z.object({
      meter: identifier,
      /** Settled slots of each day that it should have; 0 before it was installed and for days to come. */
      expected: z.array(z.int()),
      /** Those of them that are known … */
      known: z.array(z.int()),
      /** … and of these the ones of which a part is missing. */
      partial: z.array(z.int()),
    }),
  ),
  /** Meters whose calibration is past its date, or has none on record. */
  calibration: z.array(z.object({ meter: identifier, due: z.iso.date().nullable() })),
})
export type Completeness = z.infer<typeof completeness>

/** How far the data of the day can be trusted, of all meters that the viewer sees. */
export const dataHealth = z.object({
  /** Settled slots of the day so far that should be there, and those that are. */
  slots: z.object({ expected: z.int(), known: z.int() }),
  /** Gaps that nobody has filled or accepted. */
  openGaps: z.int(),
  /** Entries that wait for a decision; null for those who do not see the whole park. */
  quarantined: z.int().nullable(),
  /** Refusals beyond the bounds of quarantine, counted and not kept; null as before. */
  quarantineOverflow: z.int().nullable(),
  /** Meters whose calibration is past its date, or has none on record. */
  calibrationDue: z.int(),
})
export type DataHealth = z.infer<typeof dataHealth>

/** What a meter passed on against what the meters behind it measured, over a month. */
export const closures = z.object({
  month: z.string(),
  lines: z.array(
    z.object({
      meter: identifier,
      unit: z.enum(canonicalUnits),
      /** Own sources that feed in beside it: they are in `total`. */
      feeds: z.array(identifier),
      behind: z.array(identifier),
      total: z.string().nullable(),
      totalBehind: z.string().nullable(),
      /** total − totalBehind: what no meter behind it measures. */
      rest: decimalText.nullable(),
      /** Greatest error that the accuracy classes leave to the rest, in the unit; null where a meter has no class. */
      tolerance: decimalText.nullable(),
      /** over: more behind it than through it, beyond the tolerance. open: no verdict. */
      verdict: z.enum(['closes', 'over', 'incomplete', 'open']),
    }),
  ),
})
export type Closures = z.infer<typeof closures>

export const remark = z.object({ atMs: epochMs, by: z.string(), text: z.string() })

export const gapList = z.array(gapEntry.extend({ remarks: z.array(remark) }))
export const quarantineList = z.array(quarantineLine)
