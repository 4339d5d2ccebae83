import { z } from 'zod'
import { carrierNames } from '#contract/carriers.ts'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import { flowKinds } from '../flow-levels.ts'

/** The shapes of /api/v1/day, /api/v1/flow and /api/load/day. */

/** Where energy comes from, what it is turned into and who uses it: `energy-flow.ts`. */
const flow = z.object({
  nodes: z.array(
    z.object({
      id: z.string(),
      name: localName,
      kind: z.enum(flowKinds),
      /** From the left: 0 is where energy comes from. */
      level: z.int(),
      /** That of an item’s meters, by which it is coloured; null for others, and where no meter measures it. */
      carrier: z.enum(carrierNames).nullable(),
    }),
  ),
  /** Tonnes of standard coal by calorific value; of this moment, in an hour. */
  links: z.array(z.object({ from: z.string(), to: z.string(), tce: z.number() })),
  incomplete: z.boolean(),
})
export type FlowView = z.output<typeof flow>

/** What would flow in an hour if all went on as it runs now. */
export const flowNow = z.object({ atMs: epochMs, flow })
export type FlowNow = z.output<typeof flowNow>

export const dayView = z.object({
  date: z.iso.date(),
  /** Emissions up to the last slot that counts as final, beside the same hours of the other days. */
  stretches: z.array(
    z.object({
      which: z.enum(['today', 'yesterday', 'weekBefore']),
      fromMs: epochMs,
      toMs: epochMs,
      accounts: z.array(
        z.object({
          account: identifier,
          /** Scope 1 and 2 by location, exact; null where nothing is known. */
          tCo2: z.string().nullable(),
          incomplete: z.boolean(),
        }),
      ),
    }),
  ),
  /** What each account got today, in tonnes of standard coal by calorific value; null where nothing is known. */
  energy: z.array(
    z.object({
      account: identifier,
      name: localName,
      items: z.array(z.object({ item: z.string(), name: localName, tce: z.number().nullable() })),
    }),
  ),
  flow,
})
export type DayView = z.output<typeof dayView>

export const dayLoad = z.object({
  day: z.iso.date(),
  fromMs: epochMs,
  toMs: epochMs,
  unit: z.literal('kW'),
  series: z.array(
    z.object({
      /** Null for the park as a whole. */
      enterprise: identifier.nullable(),
      /** One for each 15 minutes of the day, their mean; null where a meter of the sum is not known. */
      values: z.array(z.number().nullable()),
    }),
  ),
})
export type DayLoad = z.output<typeof dayLoad>
