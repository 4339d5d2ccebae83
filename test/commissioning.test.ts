import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseData } from '#firmware-config/document.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { maps, serveAll } from './support/all-meters.ts'
import { makeInstallation, type Installation } from './support/installation.ts'
import { describeWith, serverPath } from './support/servers.ts'
import { root, tanbiao } from './support/tanbiao.ts'

describe('The commissioning verbs on simulated meters', () => {
  let child: ChildProcessWithoutNullStreams | undefined
  let installation: Installation
  let port: number

  beforeAll(async () => {
    installation = makeInstallation()
    const folder = join(root, 'firmware-config/examples/demo-park')
    const simulator = installation.start('simulate', 'simulate', {
      scenario: join(root, 'simulators/scenarios/demo-park.yaml'),
      park: join(folder, 'park.yaml'),
      gateway: join(folder, 'gateway-east.yaml'),
      port: 0,
    })
    const { ports } = await simulator.told('ready')
    port = ports['gateway-east/east'] ?? 0
  })
  afterEach(() => {
    child?.kill('SIGKILL')
  })
  afterAll(() => installation.remove())

  it('scan lists who is there, with profiles, and progress apart from the result', () => {
    const { status, stdout, stderr } = tanbiao('scan', '--tcp', `127.0.0.1:${port}`, '--units', '1-12')
    expect(
      stdout
        .replace(/\d+ ms/g, 'n ms')
        .split('\n')
        .map((line) => line.replace(/ +/g, ' ').trim()),
    ).toEqual([
      'unit 站号 line 线路 latency 延迟 first answer 首次应答 profile 型号',
      '1 Modbus TCP n ms illegal address (exception 02) acrel-adl400',
      '2 Modbus TCP n ms illegal function (exception 01) eastron-sdm630',
      '3 Modbus TCP n ms illegal function (exception 01) sungrow-sg',
      '4 Modbus TCP n ms illegal address (exception 02) fuxin-gas-corrector ?',
      '5 Modbus TCP n ms illegal address (exception 02) fuxin-gas-corrector ?',
      '6 Modbus TCP n ms illegal address (exception 02) acrel-adl400',
      '7 Modbus TCP n ms 0x0000 = 0x0001 chint-dtsu666',
      '8 Modbus TCP n ms illegal address (exception 02) schneider-iem3155',
      '9 Modbus TCP n ms illegal address (exception 02) carlo-gavazzi-em340',
      '11 Modbus TCP n ms illegal address (exception 02) schneider-pm5000',
      '12 Modbus TCP n ms illegal address (exception 02) schneider-iem3155',
      '',
    ])
    expect(stderr).toMatch(/0 of 12, 0 found, \d+ s left/)
    expect(stderr).toContain('12 questions, 11 units found')
    expect(status).toBe(0)
  })

  it('scan prints a bus that the gateway file takes as it is', () => {
    const { stdout } = tanbiao('scan', '--tcp', `127.0.0.1:${port}`, '--units', '2,3', '--yaml')
    const head = "gateway: g\npark: p\nuplink: { url: 'mqtt://127.0.0.1:1883' }\n"
    const { buses } = parseData(gatewayFile, head + stdout, 'gateway.yaml').value
    expect(buses.flatMap(({ meters }) => meters.map(({ unit, profile }) => [unit, profile]))).toEqual([
      [2, 'eastron-sdm630'],
      [3, 'sungrow-sg'],
    ])
  })

  it('scan without anybody there says so, with its exit code', () => {
    const { status, stdout, stderr } = tanbiao(
      'scan',
      '--tcp',
      `127.0.0.1:${port}`,
      '--units',
      '90-92',
      '--json',
    )
    expect(JSON.parse(stdout)).toEqual({ found: [], noisy: [], asked: 3, complete: true })
    expect(stderr).toContain('3 questions, 0 units found')
    expect(status).toBe(3)
  })

  it('scan ended by Ctrl-C prints what it has found', async () => {
    // Of a server that is silent to unit 2, the scan waits for a minute.
    const server = await serveAll(10, 0)
    const second = maps[1]?.id
    if (second !== undefined) server.silence(second)
    const args = [
      'scan',
      '--tcp',
      `127.0.0.1:${server.port}`,
      '--units',
      '1-3',
      '--timeout',
      '60000',
      '--no-guess',
    ]
    child = spawn(process.execPath, ['cli/tanbiao.ts', ...args], { cwd: root })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => (stdout += String(chunk)))
    for await (const chunk of child.stderr) {
      stderr += String(chunk)
      if (!child.killed && stderr.includes('✓ unit 1')) child.kill('SIGINT')
    }
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(130)
    expect(stdout).toMatch(/^ +1  Modbus TCP/m)
    expect(stderr).toContain('1 unit found; ended before all were asked')
    await server.stop()
  })

  it('identify says why, in plain words and in JSON', () => {
    const where = ['--tcp', `127.0.0.1:${port}`, '--unit', '2']
    const { status, stdout } = tanbiao('identify', ...where)
    expect(stdout).toContain('It fits 匹配 eastron-sdm630 (Eastron SDM630 Modbus V2, MCT).')
    expect(stdout).toMatch(/ {4}4 {2}voltage\.l1 = 2\d\d(\.\d+)? V is plausible/)
    expect(stdout).toMatch(/ {4}6 {2}√\(P² \+ Q²\) = S \(total\) holds/)
    expect(status).toBe(0)
    const told = z
      .object({
        kind: z.string(),
        candidates: z.array(z.string()),
        profiles: z.array(z.object({ profile: z.string() })),
      })
      .parse(JSON.parse(tanbiao('identify', ...where, '--json').stdout))
    expect(told).toMatchObject({ kind: 'one', candidates: ['eastron-sdm630'] })
    expect(told.profiles).toHaveLength(maps.length)
  })

  it('identify of a unit that is not there says so', () => {
    const { status, stdout } = tanbiao('identify', '--tcp', `127.0.0.1:${port}`, '--unit', '99')
    expect(stdout).toContain('The unit does not answer 无应答')
    expect(status).toBe(3)
  })

  it('read prints every quantity of a meter of a gateway file', () => {
    const file = gatewayAt(port)
    const { status, stdout } = tanbiao('read', '--config', file, '--meter', 'services-incoming')
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/unit 2: eastron-sdm630 \(Eastron SDM630 Modbus V2, MCT\)$/)
    expect(lines.filter((line) => line.endsWith(' good'))).toHaveLength(45)
    expect(stdout).toMatch(/^voltage\.l1 +0x0000 \(4\) +f32 +43[0-9A-F]{2} [0-9A-F]{4} +2\d\d\S* V +good$/m)
    expect(status).toBe(0)
  })

  it('read --json is JSON, also with marks that are bits', () => {
    const profile = {
      make: 'Own',
      model: 'Marked',
      carrier: 'electricity',
      evidence: { grade: 'L', source: 'this test' },
      defaults: { function: 4, as: 'f32', notAvailable: ['0xFFFFFFFF'] },
      limits: { registersPerRequest: 60, bridgeGaps: 0 },
      registers: { 'voltage.l1': { at: 0 } },
    }
    installation.write('own-marked.yaml', profile)
    const where = ['--tcp', `127.0.0.1:${port}`, '--unit', '2', '--profile', 'own-marked']
    const { stdout } = tanbiao('read', ...where, '--profiles', installation.folder, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      profile: 'own-marked',
      registers: [{ quantity: 'voltage.l1', words: [expect.any(Number), expect.any(Number)] }],
    })
  })

  it('watch prints the table after every poll, where there is no terminal', async () => {
    const args = ['watch', '--config', gatewayAt(port), '--meter', 'park-incoming', '--every', '0.2']
    child = spawn(process.execPath, ['cli/tanbiao.ts', ...args], { cwd: root })
    let stdout = ''
    for await (const chunk of child.stdout) {
      stdout += String(chunk)
      if (!child.killed && stdout.split('voltage.l3').length > 2) child.kill('SIGINT')
    }
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0)
    expect(stdout).toMatch(
      /^meter 表计 +quantity 量 +value 值 +quality 质量 +age 时效 +latency 延迟 +errors 错误率$/m,
    )
    expect(stdout).toMatch(/^park-incoming +voltage\.l1 +\d\S+ V +good +\d+\.\d s +\d+ ms +0 %$/m)
    expect(stdout).not.toContain('\u001B')
  })

  const gatewayAt = (modbusPort: number): string => {
    const meter = (id: string, unit: number, profile: string) => ({ meter: id, unit, profile })
    return installation.write('gateway.yaml', {
      gateway: 'g',
      park: 'p',
      uplink: { url: 'mqtt://127.0.0.1:1883' },
      buses: [
        {
          id: 'east',
          transport: { kind: 'tcp', host: '127.0.0.1', port: modbusPort },
          meters: [
            meter('park-incoming', 1, 'acrel-adl400'),
            meter('services-incoming', 2, 'eastron-sdm630'),
          ],
        },
      ],
    })
  }

  describeWith(['socat'], 'in a terminal', () => {
    it('watch draws pages in place, turns them by keys and gives the terminal back', async () => {
      const command = `stty rows 12 cols 90; exec ${process.execPath} cli/tanbiao.ts watch --config ${gatewayAt(port)} --every 0.2`
      child = spawn(serverPath('socat'), ['STDIO', `SYSTEM:"${command}",pty,setsid,ctty,stderr`], {
        cwd: root,
      })
      let [shown, asked] = ['', '']
      for await (const chunk of child.stdout) {
        shown += String(chunk)
        if (asked === '' && shown.includes('page 1 of 7')) {
          asked = 'n'
          child.stdin.write(asked)
        }
        if (asked === 'n' && shown.includes('page 2 of 7')) {
          asked = 'end'
          child.stdin.write('\u0003')
        }
        if (shown.includes('\u001B[?1049l')) child.stdin.end()
      }
      expect(shown).toContain('\u001B[?1049h\u001B[?25l')
      expect(shown).toContain('tanbiao 碳表 · 实时 live')
      expect(shown.trimEnd().endsWith('\u001B[?25h\u001B[?1049l')).toBe(true)
    })
  })
})

it.each([
  [['scan'], 'Say which line'],
  [['scan', '--tcp', 'a', '--serial', 'b'], 'Give one of'],
  [['scan', '--tcp', 'a', '--units', '1-300'], '--units: addresses such as'],
  [['scan', '--serial', 'a', '--baud', 'fast'], '--baud: baud rates'],
  [['identify', '--tcp', 'a'], '--unit: the address of the meter is missing'],
  [['read', '--tcp', 'a', '--unit', '1'], 'Say what to read'],
  [['watch', '--tcp', 'a', '--unit', '1'], '--profile: of which model'],
])('%j is refused with what is missing', (args, message) => {
  const { status, stderr } = tanbiao(...args)
  expect(stderr).toContain(message)
  expect(status).toBe(2)
})
