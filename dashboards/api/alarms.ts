import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Target } from '#accounts/targets/target.ts'
import type { Alarm, AlarmRule } from '#contract/alarm.ts'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn, type RouteAccess } from '#dashboards/access/route-access.ts'
import type { Desk } from '../desk.ts'
import type { BooksView } from '../sources.ts'
import { alarmCount, alarmList, alarmRules, type AlarmLine } from './alarm-shapes.ts'

/** Alarms of one answer; those that hold are few. */
const ALARMS_MAX = 500

export interface AlarmSources {
  readonly books: BooksView
  readonly clock: Clock
  readonly guard: Guard
  readonly desk: Desk | undefined
  readonly rules: readonly AlarmRule[]
  /** Targets that alarms may be of. */
  readonly targets: readonly Target[]
}

/** /api/alarms: what holds and what held, acknowledged and remarked on by persons. */
export function alarmsApi(app: FastifyInstance, sources: AlarmSources): void {
  const { books, clock, guard, desk, rules } = sources
  const targets = new Map(sources.targets.map((each) => [each.id, each]))
  const api = app.withTypeProvider<ZodTypeProvider>()
  const config = { access: readOwn }
  const decideOwn: RouteAccess = { needs: 'operate', within: 'filtered' }
  const params = z.object({ id: z.coerce.number().int() })
  const text = z.string().trim().min(1).max(500)

  /** An enterprise user sees the alarms of its own enterprise. */
  const listed = (request: FastifyRequest, isStanding: boolean): readonly Alarm[] =>
    books.alarms({ limit: ALARMS_MAX, isStanding, enterprise: guard.viewerOf(request).enterprise })
  const targetOf = ({ subject }: Alarm): AlarmLine['target'] => {
    const target = subject.kind === 'target' ? targets.get(subject.id) : undefined
    if (target === undefined) return null
    return { account: target.account, of: target.of, isIntensity: target.intensity !== undefined }
  }
  const lineOf = (alarm: Alarm): AlarmLine => ({
    ...alarm,
    target: targetOf(alarm),
    enterprise: alarm.enterprise ?? null,
    endedMs: alarm.endedMs ?? null,
    acknowledged: alarm.acknowledged ?? null,
    remarks: [...books.remarks(`alarm ${alarm.id}`)],
  })
  const counted = (standing: readonly Alarm[]): z.output<typeof alarmCount> => ({
    standing: standing.length,
    unacknowledged: standing.filter(({ acknowledged }) => acknowledged === undefined).length,
  })
  const deskFor = (request: FastifyRequest, id: number): Desk => {
    const { enterprise } = guard.viewerOf(request)
    const alarm = books.alarm(id)
    if (alarm === undefined || (enterprise !== undefined && alarm.enterprise !== enterprise)) {
      throw new Fault('not-found', `There is no alarm ${id}.`)
    }
    if (desk === undefined) throw new Fault('not-allowed', 'Nothing can be decided at this server.')
    return desk
  }

  api.get(
    '/api/alarms',
    {
      config,
      schema: {
        querystring: z.object({ state: z.enum(['standing', 'all']).default('standing') }),
        response: { 200: alarmList },
      },
    },
    (request) => {
      const standing = listed(request, true)
      const shown = request.query.state === 'standing' ? standing : listed(request, false)
      return { alarms: shown.map(lineOf), ...counted(standing) }
    },
  )
  api.get('/api/alarms/count', { config, schema: { response: { 200: alarmCount } } }, (request) =>
    counted(listed(request, true)),
  )
  api.get(
    '/api/alarms/rules',
    { config: { access: { needs: 'read', within: 'park' } }, schema: { response: { 200: alarmRules } } },
    () => ({ rules: [...rules] }),
  )
  api.post(
    '/api/v1/alarms/:id/acknowledge',
    {
      config: { access: decideOwn },
      schema: { params, body: z.strictObject({ text: text.optional() }) },
    },
    (request, reply) => {
      const { id } = request.params
      const to = deskFor(request, id)
      const { name: by } = guard.viewerOf(request)
      const atMs = clock.wallMs()
      if (!to.acknowledgeAlarm(id, by, atMs)) {
        throw new Fault('alarm-acknowledged', `Alarm ${id} was acknowledged already.`)
      }
      if (request.body.text !== undefined) to.remark(`alarm ${id}`, { by, text: request.body.text, atMs })
      return reply.status(204).send()
    },
  )
  api.post(
    '/api/v1/alarms/:id/remarks',
    { config: { access: decideOwn }, schema: { params, body: z.strictObject({ text }) } },
    (request, reply) => {
      const { id } = request.params
      const to = deskFor(request, id)
      to.remark(`alarm ${id}`, {
        by: guard.viewerOf(request).name,
        text: request.body.text,
        atMs: clock.wallMs(),
      })
      return reply.status(204).send()
    },
  )
}
