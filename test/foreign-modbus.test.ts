import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { makePseudoTerminals, type PseudoTerminals } from '#edge/testing/pseudo-terminals.ts'
import { openReadingStore } from '#store/open.ts'
import { gatewayOf, makeInstallation, parkOf, type Installation } from './support/installation.ts'
import { startPymodbus, type PymodbusServer } from './support/pymodbus.ts'
import { describeWith, freePort, serverPath } from './support/servers.ts'
import { until } from './support/until.ts'

/** f32 words, high word first, as the SDM630 sends them. */
function f32(address: number, value: number): Record<string, number> {
  const bytes = new DataView(new ArrayBuffer(4))
  bytes.setFloat32(0, value)
  return { [address]: bytes.getUint16(0), [address + 1]: bytes.getUint16(2) }
}

type Transport = ReturnType<typeof gatewayOf>['buses'][number]['transport']

describeWith(['pymodbus', 'socat'], 'A Modbus server that this project did not write', () => {
  let installation: Installation
  let terminals: PseudoTerminals
  let python: ChildProcess | undefined

  beforeAll(async () => {
    terminals = await makePseudoTerminals(serverPath('socat'))
  })
  beforeEach(() => {
    installation = makeInstallation()
  })
  afterEach(() => {
    python?.kill('SIGKILL')
    return installation.remove()
  })
  afterAll(() => terminals.remove())

  const serial = { baudRate: 9_600, parity: 'none', stopBits: 1 } as const
  const transports: Record<
    string,
    (port: number) => { served: Omit<PymodbusServer, 'units'>; read: Transport }
  > = {
    'Modbus TCP': (port) => ({
      served: { framing: 'tcp', port },
      read: { kind: 'tcp', host: '127.0.0.1', port },
    }),
    'RTU over TCP': (port) => ({
      served: { framing: 'rtu', port },
      read: { kind: 'rtu-over-tcp', host: '127.0.0.1', port, ...serial },
    }),
    'a serial line': () => ({
      served: { framing: 'rtu', device: terminals.there },
      read: { kind: 'rtu', path: terminals.here, ...serial },
    }),
  }

  for (const [name, transportOf] of Object.entries(transports)) {
    it(`is read over ${name} through gateway, broker and store with exact values`, async () => {
      const [modbusPort, mqttPort] = [await freePort(), await freePort()]
      const { served, read } = transportOf(modbusPort)
      // 0x43663334 is the frame of the SDM120 manual: 230.2 V. Everything else answers with exception 02.
      const registers = { ...f32(0x0000, 230.2), ...f32(0x0034, -1234.5), ...f32(0x0048, 98_765.43) }
      python = await startPymodbus({ ...served, units: { 1: { function: 4, registers } } })

      const park = installation.write('park.yaml', parkOf({ 'foreign-meter': 'gw-1' }))
      const gateway = gatewayOf({
        gateway: 'gw-1',
        meters: ['foreign-meter'],
        profile: 'eastron-sdm630',
        modbusPort,
        mqttPort,
        everySeconds: 0.2,
      })
      for (const bus of gateway.buses) {
        bus.transport = read
        for (const line of bus.meters) {
          line.quantities = ['voltage.l1', 'voltageThd.l1', 'activePower.total', 'activeEnergyImport.total']
        }
      }
      const data = join(installation.folder, 'server')
      const server = installation.start('serve', 'serve', { park, data, port: 0, 'mqtt-port': mqttPort })
      await server.told('ready')
      const agent = installation.start('edge', 'edge', {
        config: installation.write('gateway.yaml', gateway),
        data: join(installation.folder, 'gateway'),
      })

      const store = await openReadingStore(`sqlite:${join(data, 'readings.sqlite')}`)
      const latest = await until(async () => {
        const readings = await store.latest(['foreign-meter'])
        // The first poll may be too early for the server.
        const good = readings.filter(({ quality }) => quality === 'good')
        return readings.length === 4 && good.length === 3 ? readings : undefined
      })
      await agent.stop()
      await server.stop()
      await store.close()

      const byQuantity = new Map<string, Reading>(latest.map((reading) => [reading.quantity, reading]))
      expect(byQuantity.get('voltage.l1')).toMatchObject({ quality: 'good', value: Math.fround(230.2) })
      expect(byQuantity.get('activePower.total')).toMatchObject({ quality: 'good', value: -1.2345 })
      expect(byQuantity.get('activeEnergyImport.total')).toMatchObject({
        quality: 'good',
        value: { count: 9_876_543, resolution: '0.01' },
      })
      expect(byQuantity.get('voltageThd.l1')).toMatchObject({ quality: 'bad', cause: 'illegal-address' })
    })
  }
})
