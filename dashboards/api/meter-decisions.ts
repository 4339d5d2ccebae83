import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { resolution, writtenAmount } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import { epochMs, identifier } from '#contract/identity.ts'
import type { Park } from '#contract/park.ts'
import { quantityName } from '#contract/quantities.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { RouteAccess } from '#dashboards/access/route-access.ts'
import { viewerMay } from '#dashboards/access/viewer.ts'
import type { EventDesk } from '../desk.ts'
import type { BooksView } from '../sources.ts'

const reason = z.string().trim().min(1).max(500).meta({ description: 'On what ground' })
const moment = z.iso.datetime({ offset: true })
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const eventBody = z.strictObject({
  kind: z
    .enum(['replacement', 'reset', 'ratio', 'rollover', 'ignored', 'confirmed'])
    .meta({ description: 'What happened (docs/schemas/park.json)' }),
  at: moment.meta({ description: 'When it happened' }),
  until: moment.optional().meta({ description: 'ignored: the last moment of the wrong readings' }),
  quantity: quantityName.optional().meta({ description: 'The register, where it is not that of the meter' }),
  final: writtenAmount
    .optional()
    .meta({ description: 'replacement, reset, ratio: the register just before' }),
  initial: writtenAmount
    .optional()
    .meta({ description: 'replacement, reset, ratio: the register just after' }),
  before: resolution.optional().meta({ description: 'ratio: energy = advance × this, until then' }),
  after: resolution.optional().meta({ description: 'ratio: energy = advance × this, from then on' }),
  wrapsAt: writtenAmount.optional().meta({ description: 'rollover: the value at which it started again' }),
  anyway: z
    .boolean()
    .default(false)
    .meta({ description: 'Enter it although it contradicts what was read or another event' }),
  reason,
})

/** What is said of an event that was entered. */
export const enteredEvent = z.object({
  entry: digest.meta({ description: 'By which it can be withdrawn; it is listed a moment later' }),
  although: z.array(z.string()).meta({ description: 'What it contradicts all the same' }),
  standsUntilMs: epochMs.nullable().meta({
    description: 'Readings until then were let go: what is known of its time up to there stays as it is',
  }),
})

export interface MeterDecisionSources {
  /** The park as the viewer behind a request sees it. */
  readonly parkOf: (request: FastifyRequest) => Park
  readonly books: Pick<BooksView, 'meterEntries'>
  readonly guard: Guard
  /** Where decisions are written; without it nothing can be decided. */
  readonly events: EventDesk | undefined
}

/** What persons decide of a meter's register: by this an undecided slot is decided too. */
export function meterDecisionsApi(
  app: FastifyInstance,
  { parkOf, books, guard, events }: MeterDecisionSources,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  const access: RouteAccess = { needs: 'operate', within: 'filtered' }
  const params = z.object({ id: identifier })

  const deskOf = (): EventDesk => {
    if (events === undefined) throw new Fault('not-allowed', 'Nothing can be decided at this server.')
    return events
  }
  const meterOf = (request: FastifyRequest, id: string): string => {
    if (!parkOf(request).meters.has(id)) throw new Fault('not-found', `The park has no meter "${id}".`)
    return id
  }

  api.route({
    method: 'POST',
    url: '/api/v1/meters/:id/events',
    config: { access },
    schema: { params, body: eventBody, response: { 200: enteredEvent } },
    handler: async (request) => {
      const { anyway, reason, ...event } = request.body
      const by = guard.viewerOf(request).name
      const meter = meterOf(request, request.params.id)
      const entered = await deskOf().decide(meter, event, { by, reason, anyway })
      return {
        entry: entered.digest,
        although: [...entered.although],
        standsUntilMs: entered.standsUntilMs ?? null,
      }
    },
  })
  api.route({
    method: 'POST',
    url: '/api/v1/meters/:id/entries/:entry/withdraw',
    config: { access },
    schema: { params: params.extend({ entry: z.string().max(64) }), body: z.strictObject({ reason }) },
    handler: async (request, reply) => {
      const meter = meterOf(request, request.params.id)
      const entered = books
        .meterEntries(meter)
        .find((each) => each.digest === request.params.entry && each.entry.kind !== 'withdrawal')
      if (entered === undefined) throw new Fault('not-found', `Nothing of that name was entered of ${meter}.`)
      const viewer = guard.viewerOf(request)
      // What the park has decided is not undone by an enterprise.
      if (entered.entry.by !== viewer.name && !viewerMay(viewer, 'manage'))
        throw new Fault(
          'not-allowed',
          `It was entered by ${entered.entry.by}: only a manager may withdraw it.`,
        )
      await deskOf().withdraw(meter, entered.digest, { by: viewer.name, reason: request.body.reason })
      return reply.status(204).send()
    },
  })
}
