import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { startAgent, type Agent } from './agent.ts'
import { refuseContradictions } from './lines.ts'
import { honest, honestRtuReply, ScriptedMeter } from './testing/scripted-meter.ts'

const serial = { baudRate: 9_600, parity: 'none', stopBits: 1, lateMs: 1_000 } as const
const tcp = { kind: 'tcp', host: 'a', port: 502 } as const
const rtu = { kind: 'rtu', path: '/dev/ttyUSB0', ...serial } as const

describe('refuseContradictions', () => {
  it('lets buses share a place that they describe in the same way', () => {
    refuseContradictions([tcp, tcp, rtu, { ...rtu }, { ...rtu, path: '/dev/ttyUSB1', baudRate: 2_400 }])
  })

  it('refuses a line with two settings, and an address with two protocols', () => {
    const invalid = expect.objectContaining({ code: 'file-invalid' })
    const fault = (...transports: Parameters<typeof refuseContradictions>[0]): unknown => {
      try {
        refuseContradictions(transports)
        return undefined
      } catch (error) {
        return error
      }
    }
    expect(fault(rtu, { ...rtu, parity: 'even' })).toEqual(invalid)
    expect(fault(rtu, { ...rtu, lateMs: 5 })).toEqual(invalid)
    expect(fault(tcp, { ...serial, kind: 'rtu-over-tcp', host: 'a', port: 502 })).toEqual(invalid)
  })
})

describe('the lines of an agent', () => {
  let folder: string
  let agent: Agent | undefined
  const meters: ScriptedMeter[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-lines-'))
  })
  afterEach(async () => {
    await agent?.stop()
    await Promise.all(meters.splice(0).map((meter) => meter.close()))
    rmSync(folder, { recursive: true })
  })

  const serve = async (meter: ScriptedMeter): Promise<number> => {
    meters.push(meter)
    meter.connectionsMax = 1
    return meter.listen()
  }
  const units = (meter: ScriptedMeter, at: number): Set<number> =>
    new Set(meter.requests.map((request) => request.readUInt8(at)))

  it('read several buses, and several buses of one device through its only connection', async () => {
    const [tcpMeter, rtuMeter] = [new ScriptedMeter(), new ScriptedMeter(8)]
    tcpMeter.otherwise = honest
    rtuMeter.otherwise = (request, socket) => void socket.write(honestRtuReply(request))
    const host = '127.0.0.1'
    // Nobody is given up, and no connection opened again, because the machine is busy.
    const timeoutMs = 2_000
    const modbusTcp = { kind: 'tcp', host, port: await serve(tcpMeter) }
    const rtuOverTcp = { kind: 'rtu-over-tcp', host, port: await serve(rtuMeter), lateMs: 10 }
    const meter = (unit: number, name: string) => ({
      meter: name,
      unit,
      profile: 'eastron-sdm630',
      everySeconds: 0.1,
      quantities: ['voltage.l1'],
    })
    agent = await startAgent({
      gateway: gatewayFile.parse({
        gateway: 'gw-1',
        park: 'park-1',
        uplink: { url: 'mqtt://127.0.0.1:1' },
        buses: [
          { id: 'a', transport: modbusTcp, timeoutMs, meters: [meter(1, 'm1'), meter(2, 'm2')] },
          { id: 'b', transport: modbusTcp, timeoutMs, meters: [meter(3, 'm3')] },
          { id: 'c', transport: rtuOverTcp, timeoutMs, meters: [meter(4, 'm4'), meter(5, 'm5')] },
        ],
      }),
      journalFile: join(folder, 'journal.sqlite'),
      clock: systemClock,
      log: pino({ level: 'silent' }),
      random: () => 0.1,
    })
    const patience = { timeout: 40_000 }
    await expect.poll(() => units(tcpMeter, 6), patience).toEqual(new Set([1, 2, 3]))
    await expect.poll(() => units(rtuMeter, 0), patience).toEqual(new Set([4, 5]))
    await expect.poll(() => tcpMeter.requests.length, patience).toBeGreaterThan(9)
    await expect.poll(() => rtuMeter.requests.length, patience).toBeGreaterThan(9)
    expect([tcpMeter.connections, rtuMeter.connections]).toEqual([1, 1])
  })
})
