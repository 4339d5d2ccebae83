import modbusSerial from 'modbus-serial'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { lineOf } from '../lines.ts'
import { honestRtuReply, ScriptedMeter, type Script } from '../testing/scripted-meter.ts'
import { withCrc } from './rtu-frame.ts'

const TIMEOUT_MS = 400
const never = new AbortController().signal
const honestRtu: Script = (request, socket) => void socket.write(honestRtuReply(request))

/** Both clients ask the same server in the same way; what the server does is what the test is about. */
describe('modbus-serial 8.0.25 over RTU, why it is not used here', () => {
  let meter: ScriptedMeter
  let port: number
  let theirs: InstanceType<typeof modbusSerial.default>
  let ours: ReturnType<typeof lineOf>

  const ask = (address: number, quantity = 2) =>
    ours.read({ unit: 1, function: 3, address, quantity }, TIMEOUT_MS, never)
  const askThem = async (address: number, quantity = 2): Promise<unknown> => {
    try {
      return (await theirs.readHoldingRegisters(address, quantity)).data
    } catch (error) {
      return error
    }
  }

  beforeEach(async () => {
    meter = new ScriptedMeter(8)
    meter.otherwise = honestRtu
    port = await meter.listen()
    theirs = new modbusSerial.default()
    // Its name for RTU frames on a bare socket.
    await theirs.connectTelnet('127.0.0.1', { port })
    theirs.setID(1)
    theirs.setTimeout(TIMEOUT_MS)
    ours = lineOf(
      {
        kind: 'rtu-over-tcp',
        host: '127.0.0.1',
        port,
        baudRate: 115_200,
        parity: 'none',
        stopBits: 1,
        lateMs: 300,
      },
      { clock: systemClock, log: pino({ level: 'silent' }), random: () => 0 },
    )
  })

  afterEach(async () => {
    ours.close()
    await new Promise<void>((resolve) => theirs.close(() => resolve()))
    await meter.close()
  })

  it('hands out the late registers of another read, which ours refuses', async () => {
    const lateWithTheNext = (): void => {
      let late: Buffer | undefined
      meter.scripts.push(
        (request) => {
          late = honestRtuReply(request)
        },
        (request, socket) => {
          if (late !== undefined) socket.write(late)
          honestRtu(request, socket)
        },
      )
    }
    lateWithTheNext()
    expect(await askThem(100)).toMatchObject({ errno: 'ETIMEDOUT' })
    expect(await askThem(200)).toEqual([100, 101])

    lateWithTheNext()
    expect((await ask(100)).cause).toBe('timeout')
    expect((await ask(200)).cause).toBe('timeout')
    await expect.poll(() => ask(200), { timeout: 10_000 }).toEqual({ words: Uint16Array.of(200, 201) })
  })

  it('swaps reads that are asked at the same time; ours are asked one after another by their Bus', async () => {
    const answers: Buffer[] = []
    const heldBack: Script = (request, socket) => {
      answers.push(honestRtuReply(request))
      if (answers.length === 3) socket.write(answers[0] ?? Buffer.alloc(0))
    }
    meter.scripts.push(heldBack, heldBack, heldBack)
    const [, , third] = await Promise.all([askThem(500), askThem(600), askThem(700)])
    expect(third).toEqual([500, 501])
  })

  it('hands out what a shorter answer leaves, which ours refuses', async () => {
    // A byte count of 2 in a frame of the awaited length, with a right CRC.
    const lie: Script = (_, socket) => void socket.write(withCrc(Uint8Array.of(1, 3, 2, 0, 100, 0, 101)))
    meter.scripts.push(lie)
    expect(await askThem(100)).toEqual([100])
    meter.scripts.push(lie)
    expect((await ask(100)).cause).toBe('frame-invalid')
  })
})
