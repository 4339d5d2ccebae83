import { z } from 'zod'
import { scheduledKinds } from '#contract/report-schedule.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { reportManifest } from '#dashboards/scheduled/manifest.ts'

/** What /api/v1/scheduled-reports answers. */

const scheduleLine = z.object({
  id: identifier,
  every: z.enum(['month', 'quarter', 'year']),
  reports: z.array(z.enum(scheduledKinds)),
  next: z.object({ period: z.string(), dueMs: epochMs }),
  mailed: z.boolean().meta({ description: 'Its files are sent to somebody' }),
})
export const scheduledReport = reportManifest.omit({ v: true })
export const scheduledReports = z.object({
  schedules: z.array(scheduleLine),
  /** Newest periods first. */
  reports: z.array(scheduledReport),
})
export type ScheduledReportList = z.output<typeof scheduledReports>
