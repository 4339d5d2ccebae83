import { z } from 'zod'
import { smtp } from './alarm.ts'
import { identifier } from './identity.ts'

/** Reports that are made by themselves: reports.yaml beside the park file. */

/** Forms and carbon statements are of one account, never of the whole park. */
export const scheduledKinds = ['statistics', 'balance', 'quality', 'carbon', 'forms'] as const
export type ScheduledKind = (typeof scheduledKinds)[number]

/** Stands for the whole park; no account can have this name: identifiers have no underscore. */
export const WHOLE_PARK = '_park'

export const reportSchedule = z.strictObject({
  id: identifier.meta({ description: 'Name of the schedule; its reports are kept under it' }),
  every: z.enum(['month', 'quarter', 'year']).default('month'),
  day: z.int().min(1).max(28).default(3).meta({
    description:
      'The day after the end of the period on which it is made, 1 the first one: until then late data may come',
  }),
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of the day, e.g. "06:00"')
    .default('06:00')
    .meta({ description: 'On the wall of the park' }),
  from: z.iso.date().optional().meta({
    description:
      'Periods that begin on this day or later are made; where it is left out, those that become due once the server knows the schedule',
  }),
  reports: z.array(z.enum(scheduledKinds)).min(1).default(['statistics', 'balance', 'quality', 'carbon']),
  of: z
    .array(z.union([identifier, z.literal(WHOLE_PARK)]))
    .min(1)
    .optional()
    .meta({
      description: 'Accounts, and "_park" for the whole park; all of them where it is left out',
    }),
  language: z.enum(['zh', 'en']).default('zh'),
  mailTo: z.array(z.email()).min(1).optional().meta({
    description: 'Who is sent the files; needs "mail"',
  }),
})
export type ReportSchedule = z.output<typeof reportSchedule>

export const reportScheduleFile = z
  .strictObject({
    schedules: z
      .array(reportSchedule)
      .min(1)
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'two schedules have one id'),
    mail: smtp.optional(),
  })
  .refine(
    ({ schedules, mail }) => mail !== undefined || schedules.every(({ mailTo }) => mailTo === undefined),
    '"mailTo" needs "mail" with the server that sends it',
  )
export type ReportScheduleFile = z.output<typeof reportScheduleFile>
