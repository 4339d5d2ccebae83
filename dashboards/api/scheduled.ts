import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { WHOLE_PARK } from '#contract/report-schedule.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn } from '#dashboards/access/route-access.ts'
import type { ReportPlace, ReportArchive } from '#dashboards/scheduled/archive.ts'
import type { ReportRunner, ScheduledReports } from '#dashboards/scheduled/runner.ts'
import { mediaTypes } from './report-files.ts'
import { ofAccount, ofPark } from './reports.ts'
import { scheduledReports } from './scheduled-shapes.ts'

/** /api/v1/scheduled-reports: what was made by itself, and its files. */

/** Reports of one answer: ten years of months of ten accounts. */
const REPORTS_MAX = 1_200

const place = z.object({ schedule: identifier, period: z.string().max(10), file: z.string().max(40) })

export interface ScheduledApi {
  readonly guard: Guard
  readonly scheduled: (ScheduledReports & { readonly runner: ReportRunner }) | undefined
}

function sendFile(
  reply: FastifyReply,
  archive: ReportArchive | undefined,
  of: ReportPlace,
  name: string,
): FastifyReply {
  if (archive === undefined) throw new Fault('not-found', 'This park has no scheduled reports.')
  const { file, content } = archive.read(of, name)
  return reply
    .type(mediaTypes[file.format])
    .header('content-disposition', `attachment; filename="${of.period}-${of.account}-${file.name}"`)
    .header('digest', `sha-256=${Buffer.from(file.sha256, 'hex').toString('base64')}`)
    .send(content)
}

export function scheduledApi(app: FastifyInstance, { guard, scheduled }: ScheduledApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  routes.get(
    '/api/v1/scheduled-reports',
    { config: { access: readOwn }, schema: { response: { 200: scheduledReports } } },
    (request) => {
      if (scheduled === undefined) return { schedules: [], reports: [] }
      const { enterprise } = guard.viewerOf(request)
      const { schedules, archive, runner } = scheduled
      return {
        schedules: schedules.map((schedule) => ({
          id: schedule.id,
          every: schedule.every,
          reports: schedule.reports,
          next: runner.next(schedule),
          mailed: schedule.mailTo !== undefined,
        })),
        reports: archive
          .list()
          .filter(({ account }) => enterprise === undefined || account === enterprise)
          .slice(0, REPORTS_MAX),
      }
    },
  )
  routes.get(
    '/api/v1/scheduled-reports/:schedule/:period/:file',
    { config: ofPark, schema: { params: place } },
    ({ params: { file, ...of } }, reply) =>
      sendFile(reply, scheduled?.archive, { ...of, account: WHOLE_PARK }, file),
  )
  routes.get(
    '/api/v1/accounts/:account/scheduled-reports/:schedule/:period/:file',
    { config: ofAccount, schema: { params: place.extend({ account: identifier }) } },
    ({ params: { file, ...of } }, reply) => sendFile(reply, scheduled?.archive, of, file),
  )
}
