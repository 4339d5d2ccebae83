import { z } from 'zod'
import { epochMs, identifier, localName } from '#contract/identity.ts'
import { stateMessage } from '#contract/messages.ts'
import { liveGateway } from './shapes.ts'

/** What /api/fleet answers: every gateway as the server hears it, beside what it says of itself. */

const said = stateMessage.shape

export const fleetGateway = liveGateway.extend({
  name: localName,
  silentAfterSeconds: z.number(),
  /** Meters that the park file gives to it. */
  meterIds: z.array(identifier),
  /** When it said what follows; null: it has said nothing yet. It may have fallen silent since. */
  saidMs: epochMs.nullable(),
  epoch: said.epoch.unwrap().nullable(),
  journal: said.journal.unwrap().nullable(),
  clock: said.clock.unwrap().nullable(),
  /** By what it works, and what it did not take over. */
  configuration: said.configuration.unwrap().nullable(),
  /** What was published for it from here last. */
  wanted: z.object({ version: z.int(), digest: z.string(), atMs: epochMs, by: z.string() }).nullable(),
  software: said.software.unwrap().nullable(),
  lines: said.meters.unwrap(),
  buses: said.buses.unwrap(),
})
export type FleetGateway = z.infer<typeof fleetGateway>

export const fleet = z.object({
  nowMs: epochMs,
  version: z.string().meta({ description: 'Of this server’s program' }),
  gateways: z.array(fleetGateway),
  /** Whether a signed configuration can be published from here. */
  publishes: z.boolean(),
})
