import { pino } from 'pino'
import { systemClock as clock } from '#cli/system-clock.ts'
import { openProfiles } from '#firmware-config/profile-library.ts'
import { BusMeter } from '#simulators/bus-meter.ts'
import { timed } from '#simulators/fault-schedule.ts'
import { MeterBus } from '#simulators/meter-bus.ts'
import { startMeterServer, type MeterServer } from '#simulators/meter-server.ts'
import { tcpFraming } from '#simulators/modbus-frame.ts'
import { meteredSite } from './metered-site.ts'

const log = pino({ level: 'silent' })
export const library = openProfiles()
export const maps = [...library.paths.keys()].map((id) => library.load(id))

/** All profiles as units 1, 2, 3 … of one server, at a site with that load. */
export async function serveAll(
  loadKw: number,
  seed: number,
): Promise<MeterServer & { silence(id: string): void }> {
  const site = meteredSite(loadKw, seed)
  const stopping = new AbortController()
  const meters = maps.map(
    (map, index) => new BusMeter({ meter: map.id, unit: index + 1, map, valuesAt: () => site }, 0, seed),
  )
  const bus = new MeterBus({ framing: tcpFraming, clock, log, signal: stopping.signal, meters })
  const server = await startMeterServer({ host: '127.0.0.1', port: 0, bus, clock, log })
  return {
    ...server,
    silence: (id) => {
      const dead = timed('dead', { kind: 'dead', meter: id }, 0)
      meters.find(({ served }) => served.meter === id)?.answerUnder([dead])
    },
    stop: async () => {
      stopping.abort()
      await server.stop()
    },
  }
}

/** The unit of a profile there. */
export const unitOf = (id: string): number => maps.findIndex((map) => map.id === id) + 1
