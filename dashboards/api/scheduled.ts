import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { WHOLE_PARK } from '#contract/report-schedule.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn, type RouteAccess } from '#dashboards/access/route-access.ts'
import type { ReportPlace, ReportArchive } from '#dashboards/scheduled/archive.ts'
import type { ReportRunner, ScheduledReports } from '#dashboards/scheduled/runner.ts'
import type { KnownSchedule, ScheduleChange } from '#dashboards/scheduled/schedule-book.ts'
import { requireAccount } from '../asked-of.ts'
import { mediaTypes } from './report-files.ts'
import { ofAccount, ofPark } from './reports.ts'
import {
  newSchedule,
  scheduleChange,
  scheduledReports,
  scheduleLine,
  type ScheduleLine,
} from './scheduled-shapes.ts'

/** /api/v1/scheduled-reports: what was made by itself, and its files. */

/** Reports of one answer: ten years of months of ten accounts. */
const REPORTS_MAX = 1_200

const place = z.object({ schedule: identifier, period: z.string().max(10), file: z.string().max(40) })

export interface ScheduledApi {
  readonly guard: Guard
  readonly clock: Clock
  readonly park: Park
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

/** Who may decide for the whole park. */
const managed: { access: RouteAccess } = { access: { needs: 'manage', within: 'park' } }

export function scheduledApi(app: FastifyInstance, { guard, clock, park, scheduled }: ScheduledApi): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const params = z.object({ schedule: identifier })

  const required = (): NonNullable<ScheduledApi['scheduled']> => {
    if (scheduled === undefined)
      throw new Fault('not-found', 'Reports need an accounting plan, which this park has not.')
    return scheduled
  }
  /** An enterprise user is not told of others, nor who is written to. */
  const lineOf = ({ schedule, by }: KnownSchedule, enterprise?: string): ScheduleLine => {
    const { id, every, day, at, reports, of = null, language, mailTo = null } = schedule
    const line = { id, every, day, at, reports, language, next: required().runner.next(schedule) }
    const mailed = mailTo !== null
    return enterprise === undefined
      ? { ...line, of, by: by ?? null, mailed, mailTo }
      : { ...line, of: [enterprise], by: by === undefined ? null : '', mailed, mailTo: null }
  }
  /** Throws `request-invalid` for an account that there is not, and for mail where no server sends it. */
  const refuseUnknown = ({ of, mailTo }: Pick<ScheduleChange, 'of' | 'mailTo'>): void => {
    for (const account of of ?? []) if (account !== WHOLE_PARK) requireAccount(park, account)
    if ((mailTo ?? null) !== null && required().mailTo === undefined)
      throw new Fault('request-invalid', 'Nothing is mailed: reports.yaml names no server for mail.')
  }

  routes.post(
    '/api/v1/report-schedules',
    { config: managed, schema: { body: newSchedule, response: { 200: scheduleLine } } },
    (request) => {
      const { book, archive } = required()
      refuseUnknown(request.body)
      const doing = { by: guard.viewerOf(request).name, atMs: clock.wallMs() }
      const known = book.add(request.body, doing)
      // Here it begins: what became due before it was made is not made.
      archive.since(known.schedule.id, doing.atMs)
      return lineOf(known)
    },
  )
  routes.patch(
    '/api/v1/report-schedules/:schedule',
    { config: managed, schema: { params, body: scheduleChange, response: { 200: scheduleLine } } },
    (request) => {
      refuseUnknown(request.body)
      return lineOf(required().book.change(request.params.schedule, request.body))
    },
  )
  routes.delete(
    '/api/v1/report-schedules/:schedule',
    { config: managed, schema: { params } },
    (request, reply) => {
      const doing = { by: guard.viewerOf(request).name, atMs: clock.wallMs() }
      required().book.end(request.params.schedule, doing)
      return reply.code(204).send()
    },
  )

  routes.get(
    '/api/v1/scheduled-reports',
    { config: { access: readOwn }, schema: { response: { 200: scheduledReports } } },
    (request) => {
      if (scheduled === undefined)
        return { can: { schedule: false, mail: false }, schedules: [], reports: [] }
      const { enterprise } = guard.viewerOf(request)
      const { book, archive, mailTo } = scheduled
      return {
        can: { schedule: true, mail: mailTo !== undefined },
        schedules: book
          .list()
          .filter(
            ({ schedule: { of } }) => enterprise === undefined || of === undefined || of.includes(enterprise),
          )
          .map((known) => lineOf(known, enterprise)),
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
