import { z } from 'zod'
import { reportSchedule, scheduledKinds } from '#contract/report-schedule.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { reportManifest } from '#dashboards/scheduled/manifest.ts'

/** What /api/v1/scheduled-reports answers. */

export const scheduleLine = z.object({
  id: identifier,
  every: z.enum(['month', 'quarter', 'year']),
  day: z.int(),
  at: z.string(),
  reports: z.array(z.enum(scheduledKinds)),
  of: z.array(z.string()).nullable().meta({ description: 'Accounts and "_park"; null: all of them' }),
  language: z.enum(['zh', 'en']),
  by: z.string().nullable().meta({ description: 'Who made it on the page; null: it is of reports.yaml' }),
  next: z.object({ period: z.string(), dueMs: epochMs }),
  mailed: z.boolean().meta({ description: 'Its files are sent to somebody' }),
  mailTo: z.array(z.string()).nullable().meta({
    description: 'To whom; null: to nobody, or an enterprise user asks',
  }),
})
export type ScheduleLine = z.output<typeof scheduleLine>

/** A schedule as it is made on the page: it begins with the first period that becomes due. */
export const newSchedule = reportSchedule.omit({ from: true })
/** What is not named stays; null ends what was said. */
export const scheduleChange = z.strictObject({
  day: z.int().min(1).max(28).optional(),
  at: reportSchedule.shape.at.unwrap().optional(),
  reports: z.array(z.enum(scheduledKinds)).min(1).optional(),
  of: reportSchedule.shape.of.nullable(),
  language: z.enum(['zh', 'en']).optional(),
  mailTo: reportSchedule.shape.mailTo.nullable(),
})

export const scheduledReport = reportManifest.omit({ v: true })
export const scheduledReports = z.object({
  /** Schedules can be made on the page; files can be mailed. */
  can: z.object({ schedule: z.boolean(), mail: z.boolean() }),
  schedules: z.array(scheduleLine),
  /** Newest periods first. */
  reports: z.array(scheduledReport),
})
export type ScheduledReportList = z.output<typeof scheduledReports>
