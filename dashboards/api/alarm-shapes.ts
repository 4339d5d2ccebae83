import { z } from 'zod'
import { alarmDetail, alarmKindNames, alarmRule, severities, subjectKinds } from '#contract/alarm.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import { remark } from './completeness-shapes.ts'

/** What /api/alarms answers. */

export const alarmLine = z.object({
  id: z.int(),
  rule: z.string(),
  kind: z.enum(alarmKindNames),
  severity: z.enum(severities),
  subject: z.object({ kind: z.enum(subjectKinds), id: z.string() }),
  /** Of a target: whose it is and what it limits. Null for all else, and where the file does not have it any more. */
  target: z
    .object({ account: identifier, of: z.enum(['energy', 'carbon']), isIntensity: z.boolean() })
    .nullable(),
  enterprise: identifier.nullable(),
  detail: alarmDetail,
  begunMs: epochMs,
  /** Null while it holds. */
  endedMs: epochMs.nullable(),
  acknowledged: z.object({ by: z.string(), atMs: epochMs }).nullable(),
  remarks: z.array(remark),
})
export type AlarmLine = z.infer<typeof alarmLine>

export const alarmList = z.object({
  alarms: z.array(alarmLine),
  /** Those that hold, and those of them that nobody has acknowledged. */
  standing: z.int(),
  unacknowledged: z.int(),
})

export const alarmCount = alarmList.omit({ alarms: true })
export const alarmRules = z.object({ rules: z.array(alarmRule) })
