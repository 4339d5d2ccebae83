import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { gapStates, type GapEntry, type GapState } from '#contract/gap.ts'
import { identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import { readOwn, type RouteAccess } from '#dashboards/access/route-access.ts'
import { closuresOf, completenessOf } from '../completeness.ts'
import { dataHealthOf } from '../data-health.ts'
import type { Desk } from '../desk.ts'
import type { BooksView } from '../sources.ts'
import { closures, completeness, dataHealth, gapList, quarantineList } from './completeness-shapes.ts'
import { quarantineLine } from './shapes.ts'
import { accountMonthQuery, monthNamed } from './tariff.ts'

/** Entries of one answer. */
const ENTRIES_MAX = 500
/** Longest payload that is put in the place of a refused one. */
const PAYLOAD_CHARACTERS_MAX = 4 * 1024 * 1024

const reason = z.string().trim().min(1).max(500)
const quarantineStates = ['open', 'replayed', 'accepted', 'discarded'] as const

export interface DataQualitySources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: BooksView
  readonly clock: Clock
  readonly guard: Guard
  /** Where decisions are written; without it nothing can be decided. */
  readonly desk: Desk | undefined
}

/** Completeness, closures, gaps and quarantine, and what persons decide on them. */
export function dataQualityApi(app: FastifyInstance, sources: DataQualitySources): void {
  const { parkOf, books, clock, guard, desk } = sources
  const api = app.withTypeProvider<ZodTypeProvider>()
  const config = { access: readOwn }
  const decideOwn: RouteAccess = { needs: 'operate', within: 'filtered' }
  const readPark: RouteAccess = { needs: 'read', within: 'park' }
  const managePark: RouteAccess = { needs: 'manage', within: 'park' }
  const params = z.object({ id: z.coerce.number().int() })

  const deskOf = (): Desk => {
    if (desk === undefined) throw new Fault('not-allowed', 'Nothing can be decided at this server.')
    return desk
  }
  const monthOf = (request: FastifyRequest<{ Querystring: { month: string } }>) => {
    const park = parkOf(request)
    const { month } = request.query
    return { park, month, period: monthNamed(month, park.description.timeZone), nowMs: clock.wallMs() }
  }
  /** A gap of a gateway as a whole concerns the park. */
  const isSeen = (request: FastifyRequest, { meter }: GapEntry): boolean =>
    meter === undefined ? guard.viewerOf(request).enterprise === undefined : parkOf(request).meters.has(meter)
  /** The newest that somebody may see: those of an enterprise are not crowded out by those of others. */
  const gapsOf = (request: FastifyRequest, state: GapState | undefined): readonly GapEntry[] => {
    if (guard.viewerOf(request).enterprise === undefined) return books.gapEntries(ENTRIES_MAX, state)
    return [...parkOf(request).meters.keys()]
      .flatMap((meter) => books.gapEntriesOf(meter, ENTRIES_MAX))
      .filter((gap) => state === undefined || gap.state === state)
      .toSorted((a, b) => b.id - a.id)
      .slice(0, ENTRIES_MAX)
  }
  const openGap = (request: FastifyRequest, id: number): GapEntry => {
    const gap = books.unfilledGaps().find((each) => each.id === id)
    if (gap === undefined || !isSeen(request, gap))
      throw new Fault('not-found', `There is no open gap ${id}.`)
    return gap
  }

  api.route({
    method: 'GET',
    url: '/api/quality/completeness',
    config,
    schema: { querystring: accountMonthQuery, response: { 200: completeness } },
    handler: async (request) => {
      const { park, ...month } = monthOf(request)
      return completenessOf(park, books, month)
    },
  })
  api.route({
    method: 'GET',
    url: '/api/quality/closures',
    config,
    schema: { querystring: accountMonthQuery, response: { 200: closures } },
    handler: async (request) => {
      const { park, ...month } = monthOf(request)
      return closuresOf(park, books, month)
    },
  })

  api.route({
    method: 'GET',
    url: '/api/quality/health',
    config,
    schema: { response: { 200: dataHealth } },
    handler: async (request) => {
      const isWhole = guard.viewerOf(request).enterprise === undefined
      return dataHealthOf(parkOf(request), books, { nowMs: clock.wallMs(), isWhole })
    },
  })

  api.get(
    '/api/v1/gaps',
    {
      config,
      schema: { querystring: z.object({ state: z.enum(gapStates).optional() }), response: { 200: gapList } },
    },
    (request) =>
      gapsOf(request, request.query.state).map((gap) => ({
        ...gap,
        remarks: [...books.remarks(`gap ${gap.id}`)],
      })),
  )
  api.post(
    '/api/v1/gaps/:id/accept',
    { config: { access: decideOwn }, schema: { params, body: z.strictObject({ reason }) } },
    (request, reply) => {
      const { id } = openGap(request, request.params.id)
      const decision = {
        by: guard.viewerOf(request).name,
        reason: request.body.reason,
        atMs: clock.wallMs(),
      }
      if (!deskOf().acceptGap(id, decision)) throw new Fault('gap-closed', `There is no open gap ${id}.`)
      return reply.status(204).send()
    },
  )
  api.post(
    '/api/v1/gaps/:id/remarks',
    { config: { access: decideOwn }, schema: { params, body: z.strictObject({ text: reason }) } },
    (request, reply) => {
      const { id } = openGap(request, request.params.id)
      const { name: by } = guard.viewerOf(request)
      deskOf().remark(`gap ${id}`, { by, text: request.body.text, atMs: clock.wallMs() })
      return reply.status(204).send()
    },
  )

  api.get(
    '/api/v1/quarantine',
    {
      config: { access: readPark },
      schema: {
        querystring: z.object({ state: z.enum(quarantineStates).optional() }),
        response: { 200: quarantineList },
      },
    },
    (request) => [...books.quarantine(ENTRIES_MAX, request.query.state)],
  )
  api.get(
    '/api/v1/quarantine/:id',
    { config: { access: readPark }, schema: { params, response: { 200: quarantineLine } } },
    (request) => {
      const entry = books.quarantineEntry(request.params.id)
      if (entry === undefined) throw new Fault('not-found', `Quarantine has no entry ${request.params.id}.`)
      return entry
    },
  )
  api.route({
    method: 'POST',
    url: '/api/v1/quarantine/:id/replay',
    config: { access: managePark },
    bodyLimit: 2 * PAYLOAD_CHARACTERS_MAX,
    schema: {
      params,
      body: z.strictObject({
        reason,
        payload: z.string().max(PAYLOAD_CHARACTERS_MAX).optional(),
        gateway: identifier.optional(),
        beyondRating: z.boolean().optional(),
        clockWasWrong: z.boolean().optional(),
      }),
      response: { 200: z.object({ stored: z.int(), refused: z.array(z.string()) }) },
    },
    handler: async (request) => {
      const { beyondRating, clockWasWrong, ...rest } = request.body
      const { stored, refused } = await deskOf().replay(request.params.id, {
        ...rest,
        by: guard.viewerOf(request).name,
        isRatingWaived: beyondRating,
        isArrivalWaived: clockWasWrong,
      })
      return { stored, refused: refused.map(({ code, detail }) => `${detail} [${code}]`) }
    },
  })
  api.post(
    '/api/v1/quarantine/:id/discard',
    { config: { access: managePark }, schema: { params, body: z.strictObject({ reason }) } },
    (request, reply) => {
      const { name: by } = guard.viewerOf(request)
      deskOf().discard(request.params.id, { by, reason: request.body.reason })
      return reply.status(204).send()
    },
  )
}
