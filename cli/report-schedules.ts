import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { WHOLE_PARK, reportScheduleFile, type ReportScheduleFile } from '#contract/report-schedule.ts'
import { mail } from '#dashboards/alarms/mail.ts'
import { ReportArchive } from '#dashboards/scheduled/archive.ts'
import { ScheduleBook } from '#dashboards/scheduled/schedule-book.ts'
import type { ScheduledReports } from '#dashboards/scheduled/runner.ts'
import { InvalidFile, readData, type DataFile, type Finding } from '#firmware-config/document.ts'

/** Reports that are made by themselves: reports.yaml beside the park file. */

/** Where it lies; undefined where there is none. */
export function reportSchedulesBeside(parkFile: string): string | undefined {
  const file = join(dirname(resolve(parkFile)), 'reports.yaml')
  return existsSync(file) ? file : undefined
}

/** What is wrong with schedules where nothing can be accounted. */
export const withoutPlan = (file: string): Finding => ({
  place: { file },
  message: 'reports need an accounting plan (accounting.yaml) beside them',
})

/** Throws `InvalidFile` with the place, also for an account that the plan does not have. */
export function readReportSchedules(
  file: string,
  plan: Pick<AccountingPlan, 'accounts'>,
): DataFile<ReportScheduleFile> {
  const found = readData(reportScheduleFile, file)
  const known = new Set([WHOLE_PARK, ...plan.accounts.map(({ account }) => account)])
  const findings = found.value.schedules.flatMap(({ of = [] }, schedule) =>
    of.flatMap((account, index) =>
      known.has(account)
        ? []
        : {
            place: found.placeOf(['schedules', schedule, 'of', index]),
            message: `the accounting plan has no account "${account}"`,
          },
    ),
  )
  if (findings.length > 0) throw new InvalidFile(found.file, findings)
  return found
}

export const credentialsFile = z.strictObject({ username: z.string().min(1), password: z.string().min(1) })

/** Schedules of the file and of the page, with the archive of their reports; undefined where nothing is accounted. Throws as `readReportSchedules`, and `folder-unusable`. */
export function openScheduledReports(
  parkFile: string,
  plan: Pick<AccountingPlan, 'accounts'> | undefined,
  folder: string,
): ScheduledReports | undefined {
  const file = reportSchedulesBeside(parkFile)
  if (plan === undefined) {
    if (file === undefined) return undefined
    throw new InvalidFile(file, [withoutPlan(file)])
  }
  const archive = new ReportArchive(folder)
  if (file === undefined) return { book: new ScheduleBook(folder, []), archive, mailTo: undefined }
  const { schedules, mail: server } = readReportSchedules(file, plan).value
  const credentials =
    server?.credentialsFile === undefined
      ? undefined
      : readData(credentialsFile, resolve(dirname(file), server.credentialsFile)).value
  return {
    book: new ScheduleBook(folder, schedules),
    archive,
    mailTo: server === undefined ? undefined : (to) => mail({ ...server, to: [...to] }, credentials),
  }
}
