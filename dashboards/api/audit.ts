import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { sayIn, type Language, type ReportSheet } from '#accounts/report-sheet.ts'
import type { Clock } from '#contract/clock.ts'
import type { AuditEntry } from '#contract/audit-entry.ts'
import { Fault } from '#contract/fault.ts'
import { startOfDay } from '#contract/grid.ts'
import type { LocalName } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import type { AccessBook } from '#store/access-book.ts'
import type { AuditWish } from '#store/audit-log.ts'
import { fileFormat, language, sendSheets } from './sheet-file.ts'
import { auditShape } from './user-shapes.ts'

/** /api/v1/audit: who changed what or tried to, by person, time and object, on the screen and as a file. */

const PAGE = 200
/** Entries of one file; it says where there are more. */
const FILE_MAX = 20_000

export interface AuditApi {
  readonly park: Park
  readonly book: AccessBook
  readonly guard: Pick<Guard, 'viewerOf'>
  readonly clock: Clock
}

/** Auditors read it; an enterprise user's own part would still tell of others. */
const config: { access: RouteAccess } = { access: { needs: 'read', within: 'park' } }

const part = z.string().trim().max(200)
const filter = z.object({
  user: part.optional().meta({ description: 'A part of the person’s name' }),
  about: part.optional().meta({ description: 'A part of the address that was asked, or of what was sent' }),
  from: z.iso.date().optional().meta({ description: 'First day, in the park’s time' }),
  to: z.iso.date().optional().meta({ description: 'Last day' }),
})

const words = {
  name: { zh: '审计日志', en: 'Audit log' },
  time: { zh: '时间', en: 'Time' },
  user: { zh: '人员', en: 'Person' },
  address: { zh: '来源地址', en: 'From' },
  action: { zh: '操作', en: 'Action' },
  detail: { zh: '内容', en: 'Detail' },
  more: {
    zh: `仅含最近 ${FILE_MAX} 条；更早的请缩小时间范围。`,
    en: `The newest ${FILE_MAX} alone; narrow the days for older ones.`,
  },
} as const satisfies Record<string, LocalName>

function sheetOf(entries: readonly AuditEntry[], park: Park, spoken: Language): ReportSheet {
  const say = sayIn(spoken)
  const { name, timeZone } = park.description
  const textOf = (ms: number): string =>
    Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDateTime().toString()
  return {
    name: say(words.name),
    title: say(words.name),
    about: [`${say(name)} · ${timeZone}`],
    head: ['№', ...(['time', 'user', 'address', 'action', 'detail'] as const).map((key) => say(words[key]))],
    rows: entries.map(({ id, atMs, user, address, action, detail }) => [
      String(id),
      textOf(atMs),
      user,
      address,
      action,
      detail,
    ]),
    notes: entries.length < FILE_MAX ? [] : [say(words.more)],
  }
}

export function auditApi(app: FastifyInstance, { park, book, guard, clock }: AuditApi): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const { timeZone } = park.description

  /** Throws `sign-in-needed`: open access shows what anybody on the machine may see; this is for people with a name. */
  const found = (
    request: FastifyRequest,
    limit: number,
    { user, about, from, to }: z.output<typeof filter>,
    before?: number,
  ): AuditEntry[] => {
    if (guard.viewerOf(request).how === 'open') throw new Fault('sign-in-needed', 'Nobody is signed in.')
    const wish: AuditWish = {
      before,
      user,
      about,
      fromMs: from === undefined ? undefined : startOfDay(from, timeZone),
      toMs: to === undefined ? undefined : startOfDay(Temporal.PlainDate.from(to).add({ days: 1 }), timeZone),
    }
    return [...book.audit(limit, wish)]
  }

  api.get(
    '/api/v1/audit',
    {
      config,
      schema: {
        querystring: filter.extend({ before: z.coerce.number().int().optional() }),
        response: { 200: z.array(auditShape) },
      },
    },
    (request) => {
      const { before, ...wish } = request.query
      return found(request, PAGE, wish, before)
    },
  )
  api.get(
    '/api/v1/audit/file',
    { config, schema: { querystring: filter.extend({ language, format: fileFormat }) } },
    async (request, reply) => {
      const { language: spoken, format, ...wish } = request.query
      const sheet = sheetOf(found(request, FILE_MAX, wish), park, spoken)
      const today = Temporal.Instant.fromEpochMilliseconds(clock.wallMs()).toZonedDateTimeISO(timeZone)
      return sendSheets(reply, `audit-${today.toPlainDate().toString()}`, [sheet], format)
    },
  )
}
