import { z } from 'zod'
import { scheduledKinds, WHOLE_PARK } from '#contract/report-schedule.ts'
import { digest, epochMs, identifier } from '#contract/identity.ts'

/** What lies beside the files of a scheduled report, and says what they are. */

export const fileFormats = ['xlsx', 'pdf', 'json'] as const

const keptFile = z.object({
  name: z.string().regex(/^[a-z]+\.(xlsx|pdf|json)$/),
  report: z.enum(scheduledKinds),
  format: z.enum(fileFormats),
  bytes: z.int().min(0),
  sha256: digest,
})
export type KeptFile = z.output<typeof keptFile>

export const reportManifest = z.object({
  v: z.literal(1),
  schedule: identifier,
  period: z.string().regex(/^\d{4}(-(0[1-9]|1[0-2]|Q[1-4]))?$/),
  account: z.union([identifier, z.literal(WHOLE_PARK)]),
  language: z.enum(['zh', 'en']),
  planRevision: z.string(),
  dueMs: epochMs,
  madeAtMs: epochMs,
  files: z.array(keptFile),
  /** Reports that could not be made, and why. */
  refused: z.array(z.object({ report: z.enum(scheduledKinds), code: z.string(), message: z.string() })),
  /** Why there is no PDF. */
  withoutPdf: z.string().nullable(),
})
export type ReportManifest = z.output<typeof reportManifest>
