import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import type { Reading } from '#contract/reading.ts'
import { openReadingStore } from '#store/open.ts'
import { gatewayOf, makeInstallation, parkOf } from './support/installation.ts'
import { describeWith, freePort, serverPath } from './support/servers.ts'
import { until } from './support/until.ts'

/** f32 words, high word first, as the SDM630 sends them. */
function f32(address: number, value: number): Record<string, number> {
  const bytes = new DataView(new ArrayBuffer(4))
  bytes.setFloat32(0, value)
  return { [address]: bytes.getUint16(0), [address + 1]: bytes.getUint16(2) }
}

describeWith(['pymodbus'], 'A Modbus server that this project did not write', () => {
  const installation = makeInstallation()
  afterEach(() => installation.remove())

  it('is read through gateway, broker and store with exact values', async () => {
    const [modbusPort, mqttPort] = [await freePort(), await freePort()]
    // 0x43663334 is the frame of the SDM120 manual: 230.2 V. Everything else answers with exception 02.
    const registers = { ...f32(0x0000, 230.2), ...f32(0x0034, -1234.5), ...f32(0x0048, 98_765.43) }
    const python = spawn(serverPath('pymodbus'), [
      fileURLToPath(new URL('support/pymodbus-server.py', import.meta.url)),
    ])
    python.stdin.end(JSON.stringify({ port: modbusPort, units: { 1: { function: 4, registers } } }))
    try {
      await once(python.stdout, 'data')

      const park = installation.write('park.yaml', parkOf({ 'foreign-meter': 'gw-1' }))
      const gateway = gatewayOf({
        gateway: 'gw-1',
        meters: ['foreign-meter'],
        profile: 'eastron-sdm630',
        modbusPort,
        mqttPort,
        everySeconds: 0.2,
      })
      const [line] = gateway.buses[0]?.meters ?? []
      if (line !== undefined) {
        line.quantities = ['voltage.l1', 'voltageThd.l1', 'activePower.total', 'activeEnergyImport.total']
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
        return readings.length === 4 ? readings : undefined
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
    } finally {
      python.kill('SIGKILL')
    }
  })
})
