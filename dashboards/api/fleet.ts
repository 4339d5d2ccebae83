import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { configurationMessage, type ConfigurationMessage, type StateMessage } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { SOFTWARE_VERSION } from '#contract/software.ts'
import type { Guard } from '#dashboards/access/guard.ts'
import type { PublishedConfiguration } from '#store/fleet-port.ts'
import type { Board } from '../board.ts'
import type { Desk } from '../desk.ts'
import type { BooksView } from '../sources.ts'
import { fleet, type FleetGateway } from './fleet-shapes.ts'
import type { LiveGateway } from './shapes.ts'

/** Longest request: a configuration of the greatest length, each character escaped. */
const BODY_BYTES_MAX = 8 * 1024 * 1024

/** Publishes a signed configuration, retained. Throws `broker-unavailable`. */
export type PublishConfiguration = (message: ConfigurationMessage) => Promise<void>

export interface FleetSources {
  readonly park: Park
  readonly board: Board
  readonly clock: Clock
  readonly guard: Guard
  readonly lines: () => readonly LiveGateway[]
  readonly publish: PublishConfiguration | undefined
  readonly books: Pick<BooksView, 'publishedConfigurations'>
  readonly desk: Pick<Desk, 'keepPublished'> | undefined
}

/** The highest number that a gateway has tried, as it said. */
function triedVersion(said: StateMessage | undefined): number {
  const { version = 0, failed } = said?.configuration ?? {}
  // A number that was refused is not spent.
  return Math.max(version, failed?.state === 'rolled-back' ? (failed.version ?? 0) : 0)
}

/** /api/fleet, and publishing a configuration that a person has signed: the server holds no key. */
export function fleetApi(app: FastifyInstance, sources: FleetSources): void {
  const { park, board, clock, guard, lines, publish, books, desk } = sources
  const api = app.withTypeProvider<ZodTypeProvider>()
  type Wanted = ReadonlyMap<string, PublishedConfiguration>

  function gatewayOf(line: LiveGateway, wanted: Wanted): FleetGateway[] {
    const described = park.gateways.get(line.gateway)
    if (described === undefined) return []
    const said = board.stateOf(line.gateway)
    return [
      {
        ...line,
        name: described.name,
        silentAfterSeconds: described.silentAfterSeconds,
        meterIds: [...park.meters.values()].flatMap(({ id, gateway }) =>
          gateway === line.gateway ? id : [],
        ),
        saidMs: said?.atMs ?? null,
        epoch: said?.epoch ?? null,
        journal: said?.journal ?? null,
        clock: board.clockOf(line.gateway) ?? null,
        configuration: said?.configuration ?? null,
        wanted: wanted.get(line.gateway) ?? null,
        software: said?.software ?? null,
        lines: said?.meters ?? [],
        buses: said?.buses ?? [],
      },
    ]
  }

  api.get(
    '/api/fleet',
    {
      config: { access: { needs: 'read', within: 'park' } },
      schema: { response: { 200: fleet } },
    },
    () => {
      const wanted: Wanted = new Map(books.publishedConfigurations().map((each) => [each.gateway, each]))
      return {
        nowMs: clock.wallMs(),
        version: SOFTWARE_VERSION,
        gateways: lines().flatMap((line) => gatewayOf(line, wanted)),
        publishes: publish !== undefined && desk !== undefined,
      }
    },
  )

  api.route({
    method: 'POST',
    url: '/api/v1/fleet/:id/configuration',
    config: { access: { needs: 'manage', within: 'park' } },
    bodyLimit: BODY_BYTES_MAX,
    schema: {
      params: z.object({ id: identifier }),
      body: configurationMessage,
      response: { 200: z.object({ version: z.int(), digest: z.string() }) },
    },
    handler: async (request) => {
      const { id } = request.params
      const message = request.body
      if (!park.gateways.has(id)) throw new Fault('not-found', `The park has no gateway "${id}".`)
      if (message.park !== park.description.id || message.gateway !== id) {
        throw new Fault('request-invalid', `It is for ${message.gateway} of ${message.park}, not for ${id}.`)
      }
      const tried = triedVersion(board.stateOf(id))
      if (message.version <= tried) {
        throw new Fault(
          'configuration-outdated',
          `Version ${message.version} is not above ${tried}, which ${id} has tried.`,
        )
      }
      if (publish === undefined || desk === undefined) {
        throw new Fault('broker-unavailable', 'This server publishes nothing.')
      }
      await publish(message)
      const digest = createHash('sha256').update(message.text).digest('hex')
      desk.keepPublished({
        gateway: id,
        version: message.version,
        digest,
        atMs: clock.wallMs(),
        by: guard.viewerOf(request).name,
      })
      return { version: message.version, digest }
    },
  })
}
