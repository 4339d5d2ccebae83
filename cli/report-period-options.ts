import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { text } from './options.ts'

/** Which period a report speaks of: the same options for every report that may be of any. */
export const periodOptions = {
  month: text.optional().meta({ description: 'Of a month, e.g. 2026-03' }),
  quarter: text.optional().meta({ description: 'Of a quarter, e.g. 2026-Q1' }),
  year: text.optional().meta({ description: 'Of a year, e.g. 2026' }),
  from: z.iso.date().optional().meta({ description: 'First day, with --to' }),
  to: z.iso.date().optional().meta({ description: 'Last day, included' }),
}

const options = z.object(periodOptions)

/** The one period that the arguments name, as `reportPeriod` takes it. Throws `argument-invalid`. */
export function periodName({ month, quarter, year, from, to }: z.output<typeof options>): string {
  const stretch = from === undefined || to === undefined ? undefined : `${from}..${to}`
  const [name, other] = [month, quarter, year, stretch].filter((given) => given !== undefined)
  const isHalf = (from === undefined) !== (to === undefined)
  if (name === undefined || other !== undefined || isHalf)
    throw new Fault('argument-invalid', 'Give one of --month, --quarter, --year, or --from and --to.')
  return name
}
