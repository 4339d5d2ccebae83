import { z } from 'zod'
import { readGatewayFile } from '#firmware-config/gateway.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { readScenarioFor } from '#simulators/scenario-check.ts'
import { busKey, startSimulation } from '#simulators/simulation.ts'
import { tellParent } from '../child.ts'
import { watchLifetime } from '../lifetime.ts'
import { makeLog } from '../log.ts'
import { logLevel, port, text } from '../options.ts'
import { clockOf, givenPace, paceOptions } from '../pace.ts'
import { verb } from '../verb.ts'

const options = z.object({
  scenario: text.meta({ description: 'The scenario file' }),
  park: text.meta({ description: 'The park file' }),
  gateway: z
    .array(text)
    .meta({ description: 'A gateway file whose meters are simulated; may be given several times' }),
  host: text
    .default('127.0.0.1')
    .meta({ description: 'Address to listen on; the loopback unless told otherwise' }),
  port: port.optional().meta({
    description:
      'Port of the first bus, the next ones follow (those of the gateway files; 0 takes free ones)',
  }),
  'served-log': text.optional().meta({ description: 'File for every reply that was served, one line each' }),
  ...paceOptions,
  log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
})

/** Stands in for the meters of gateway files. */
export const simulate = verb('Stand in for a park’s meters', options, async (given) => {
  const lifetime = watchLifetime()
  const log = makeLog('simulate', given.log)
  const park = readParkFile(given.park)
  const gateways = given.gateway.map((file) => readGatewayFile(file).value)
  const buses = gateways.flatMap(({ gateway, buses }) => buses.map((bus) => busKey(gateway, bus.id)))
  const { port: firstPort } = given
  const simulation = await startSimulation({
    scenario: readScenarioFor(park, given.scenario),
    park,
    gateways,
    clock: clockOf(givenPace(given)),
    log,
    host: given.host,
    ...(firstPort === undefined
      ? {}
      : { ports: new Map(buses.map((bus, index) => [bus, firstPort === 0 ? 0 : firstPort + index])) }),
    ...(given['served-log'] === undefined ? {} : { servedLog: given['served-log'] }),
  })
  tellParent({
    kind: 'ready',
    url: `modbus-tcp://${given.host}`,
    ports: Object.fromEntries(simulation.ports),
  })
  await lifetime.ended
  await simulation.stop()
})
