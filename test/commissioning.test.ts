import { spawn, spawnSync, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock as clock } from '#cli/system-clock.ts'
import { Asker } from '#edge/commission/asker.ts'
import { identify, type Identification } from '#edge/commission/identify.ts'
import { watch } from '#edge/commission/watch.ts'
import { lineOf } from '#edge/lines.ts'
import { makePseudoTerminals, type PseudoTerminals } from '#edge/testing/pseudo-terminals.ts'
import { parseData } from '#firmware-config/document.ts'
import { gatewayFile } from '#firmware-config/gateway.ts'
import { goldenPath, openProfiles } from '#firmware-config/profile-library.ts'
import { readGolden } from '#firmware-config/golden.ts'
import { BusMeter } from '#simulators/bus-meter.ts'
import { timed } from '#simulators/fault-schedule.ts'
import { MeterBus } from '#simulators/meter-bus.ts'
import { startMeterServer, type MeterServer } from '#simulators/meter-server.ts'
import { tcpFraming } from '#simulators/modbus-frame.ts'
import { makeInstallation, type Installation } from './support/installation.ts'
import { meteredSite } from './support/metered-site.ts'
import { startPymodbus } from './support/pymodbus.ts'
import { describeWith, serverPath } from './support/servers.ts'
import { until } from './support/until.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const log = pino({ level: 'silent' })
const library = openProfiles()
const maps = [...library.paths.keys()].map((id) => library.load(id))

function tanbiao(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['cli/tanbiao.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** All profiles as units 1, 2, 3 … of one server, at a site with that load. */
async function serveAll(loadKw: number, seed: number): Promise<MeterServer & { silence(id: string): void }> {
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

const unitOf = (id: string): number => maps.findIndex((map) => map.id === id) + 1

/** Profiles that no register tells apart: the same addresses with another medium in the pipe. */
const alike: Readonly<Record<string, readonly string[]>> = {
  'bell-vfm60-air': ['bell-vfm60-air', 'bell-vfm60-water'],
  'bell-vfm60-water': ['bell-vfm60-air', 'bell-vfm60-water'],
}

describe.each([
  ['under load', 48.7, 0],
  ['under a small load', 0.4, 0.6],
  ['without load', 0, 0.2],
])('A simulated meter %s', (_name, loadKw, seed) => {
  let server: MeterServer
  let asker: Asker
  beforeAll(async () => {
    server = await serveAll(loadKw, seed)
    const transport = { kind: 'tcp', host: '127.0.0.1', port: server.port } as const
    asker = new Asker(lineOf(transport, { clock, log, random: Math.random }), {
      transport,
      clock,
      timeoutMs: 2_000,
    })
  })
  afterAll(async () => {
    asker.close()
    await server.stop()
  })

  const ask = (id: string): Promise<Identification> =>
    identify({
      unit: unitOf(id),
      maps,
      asker,
      atMs: () => clock.wallMs(),
      signal: new AbortController().signal,
    })

  it.each(maps.map(({ id }) => id))(
    '%s is identified, or left open with those that are alike',
    async (id) => {
      const { candidates, questions, cutShort } = await ask(id)
      expect(candidates.map(({ map }) => map.id)).toEqual(alike[id] ?? [id])
      expect(questions).toBeLessThanOrEqual(150)
      expect(cutShort).toBeUndefined()
    },
  )
})

it('a watched meter that falls silent keeps its value with the cause beside it, and others go on', async () => {
  const server = await serveAll(10, 0.3)
  const stopping = new AbortController()
  const transport = { kind: 'tcp', host: '127.0.0.1', port: server.port } as const
  const watched = ['eastron-sdm120', 'eastron-sdm630'].map((id) => ({
    meter: id,
    unit: unitOf(id),
    map: library.load(id),
    quantities: ['voltage.l1', 'frequency'] as const,
  }))
  const live = watch({
    // An answer is in time also when the machine is busy.
    lines: [{ transport, timeoutMs: 2_000, meters: watched }],
    everyMs: 10,
    open: (to) => lineOf(to, { clock, log, random: Math.random }),
    clock,
    signal: stopping.signal,
  })
  const [first, second] = [() => live.now()[0], () => live.now()[1]]
  await until(() => (first()?.values.length === 2 && second()?.values.length === 2 ? true : undefined))
  expect(first()).toMatchObject({
    errorRate: 0,
    values: [{ latest: { quality: 'good' } }, { latest: { quality: 'good' } }],
  })
  const goodMs = first()?.values[0]?.value?.atMs ?? Number.NaN
  server.silence('eastron-sdm120')
  await until(() =>
    first()?.values.every(({ latest }) => latest.quality === 'bad') === true ? true : undefined,
  )
  const before = second()?.requests ?? 0
  await until(() => ((second()?.requests ?? 0) > before ? true : undefined))
  const { values = [], errorRate = 0 } = first() ?? {}
  expect(errorRate).toBeGreaterThan(0)
  expect(values.map(({ latest }) => latest)).toEqual(
    values.map(({ quantity }) => expect.objectContaining({ quantity, quality: 'bad', cause: 'timeout' })),
  )
  for (const { value, latest } of values) {
    expect(value?.atMs).toBeGreaterThanOrEqual(goodMs)
    expect(value?.atMs).toBeLessThan(latest.atMs)
  }
  expect(second()).toMatchObject({
    errorRate: 0,
    values: [{ latest: { quality: 'good' } }, { latest: { quality: 'good' } }],
  })
  stopping.abort()
  await live.ended
  await server.stop()
})

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
      '11 Modbus TCP n ms illegal address (exception 02) acrel-adl400',
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

  it('scan tries the settings one after the other and finds the units', () => {
    const { status, stdout } = tanbiao(
      ...`scan --serial ${terminals.here} --baud 9600,19200 --parity none --units 2-4,7 --timeout 1000`.split(
        ' ',
      ),
    )
    // A pseudo-terminal has no baud rate, so the units answer at each.
    const rows = stdout
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/ +/g, ' ').trim())
    expect(rows.map((row) => row.replace(/\d+ ms/, 'n ms'))).toEqual([
      '3 9600 8N1 n ms 0x0000 = 0x0000 eastron-sdm630',
      '7 9600 8N1 n ms illegal address (exception 02) no profile fits',
      '3 19200 8N1 n ms 0x0000 = 0x0000 eastron-sdm630',
      '7 19200 8N1 n ms illegal address (exception 02) no profile fits',
      '',
    ])
    expect(status).toBe(0)
  })

  it('read shows words in every encoding and order', () => {
    const where = ['--serial', terminals.here, '--unit', '7', '--timeout', '3000']
    const { stdout, status } = tanbiao('read', ...where, '--address', '0x0034', '--count', '2')
    expect(status).toBe(0)
    expect(stdout.split('\n').slice(1).join('\n')).toMatchSnapshot()
  })

  it('a device that another program holds is a fault that says so', async () => {
    const args = `watch --serial ${terminals.here} --unit 3 --profile eastron-sdm630 --every 0.2`
    const busy = spawn(process.execPath, ['cli/tanbiao.ts', ...args.split(' ')], { cwd: root })
    try {
      // It prints a value, so the line is open.
      await new Promise<void>((resolve) => {
        busy.stdout.on('data', (chunk) => {
          if (String(chunk).includes('good')) resolve()
        })
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
