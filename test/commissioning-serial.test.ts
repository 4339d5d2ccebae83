import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { makePseudoTerminals, type PseudoTerminals } from '#edge/testing/pseudo-terminals.ts'
import { readGolden } from '#firmware-config/golden.ts'
import { goldenPath } from '#firmware-config/profile-library.ts'
import { startPymodbus } from './support/pymodbus.ts'
import { describeWith, serverPath } from './support/servers.ts'
import { root, tanbiao } from './support/tanbiao.ts'

describeWith(['pymodbus', 'socat'], 'The commissioning verbs on a serial line, with meters of others', () => {
  let terminals: PseudoTerminals
  let python: ChildProcess | undefined
  beforeAll(async () => {
    terminals = await makePseudoTerminals(serverPath('socat'))
  })
  beforeEach(async () => {
    // Like the real SDM630, unit 3 answers zeros where it has no register; unit 7 has two registers only.
    const golden = readGolden(goldenPath('eastron-sdm630')).image.get(4) ?? new Map<number, number>()
    const lenient = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [at, golden.get(at) ?? 0]))
    python = await startPymodbus({
      device: terminals.there,
      framing: 'rtu',
      units: {
        3: { function: 4, registers: lenient },
        7: { function: 3, registers: { 52: 0x4366, 53: 0x3334 } },
      },
    })
  })
  afterEach(async () => {
    python?.kill('SIGKILL')
    if (python !== undefined && python.exitCode === null) await once(python, 'exit')
  })
  afterAll(() => terminals.remove())

  /** The rows of a scan's table. Each opening of the line first waits out as long as an answer may take. */
  function scanned(words: string): string[] {
    const { status, stdout, stderr } = tanbiao(
      ...`scan --serial ${terminals.here} --parity none --timeout 500 ${words}`.split(' '),
    )
    expect(status, stderr).toBe(0)
    const [, ...rows] = stdout.trimEnd().split('\n')
    return rows.map((line) =>
      line
        .replace(/ +/g, ' ')
        .replace(/\d+ ms/, 'n ms')
        .trim(),
    )
  }

  it('scan tries the settings one after the other and finds the units', () => {
    // A pseudo-terminal has no baud rate, so the units answer at each.
    expect(scanned('--baud 9600,19200 --units 2-4,7 --no-guess')).toEqual([
      '3 9600 8N1 n ms 0x0000 = 0x0000',
      '7 9600 8N1 n ms illegal address (exception 02)',
      '3 19200 8N1 n ms 0x0000 = 0x0000',
      '7 19200 8N1 n ms illegal address (exception 02)',
    ])
  })

  it('scan looks which of all profiles fits each unit', () => {
    expect(scanned('--baud 9600 --units 3,7')).toEqual([
      '3 9600 8N1 n ms 0x0000 = 0x0000 eastron-sdm630',
      '7 9600 8N1 n ms illegal address (exception 02) no profile fits',
    ])
  })

  it('read shows words in every encoding and order', () => {
    const where = ['--serial', terminals.here, '--unit', '7', '--timeout', '1000']
    const { stdout, status } = tanbiao('read', ...where, '--address', '0x0034', '--count', '2')
    expect(status).toBe(0)
    expect(stdout.split('\n').slice(1).join('\n')).toMatchSnapshot()
  })

  it('a device that another program holds is a fault that says so', async () => {
    const args = `watch --serial ${terminals.here} --unit 3 --profile eastron-sdm630 --every 0.2`
    const busy = spawn(process.execPath, ['cli/tanbiao.ts', ...args.split(' ')], { cwd: root })
    try {
      // It prints a value, so the line is open.
      let said = ''
      busy.stderr.on('data', (chunk) => (said += String(chunk)))
      await new Promise<void>((resolve, reject) => {
        busy.stdout.on('data', (chunk) => {
          if (String(chunk).includes('good')) resolve()
        })
        busy.once('exit', () => reject(new Error(`watch has ended: ${said}`)))
      })
      const { status, stderr } = tanbiao('read', '--serial', terminals.here, '--unit', '3', '--address', '0')
      expect(stderr).toContain('[serial-device-unusable]')
      expect(stderr).toContain('no other program holds it')
      expect(status).toBe(1)
    } finally {
      busy.kill('SIGKILL')
    }
  })
})
