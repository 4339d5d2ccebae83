import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openChromium } from '#test/support/chromium.ts'
import { processorSeconds } from './processor-time.ts'

/**
 * `npm run bench start`: from the command `npm start` to a meter's value on the screen, as somebody sees it who has a
 * browser open on the same machine and goes to the address as soon as it answers. Each start has a folder of its own
 * and free ports; everything that it started is gone before the next one.
 */
const RUNS = Number(process.env['TANBIAO_BENCH_RUNS'] ?? 10)
/** Months of the past, which the demo fills in after its first values. */
const MONTHS = process.env['TANBIAO_BENCH_MONTHS'] ?? '13'
const LOOK_EVERY_MS = 20
const GIVE_UP_MS = 60_000

const root = fileURLToPath(new URL('..', import.meta.url))

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port was given')
  return address.port
}

/** Resolves when something listens there; `running` says why nothing ever will. */
async function answers(port: number, running: ChildProcess): Promise<void> {
  for (const endMs = performance.now() + GIVE_UP_MS; performance.now() < endMs; await sleep(LOOK_EVERY_MS)) {
    if (running.exitCode !== null) throw new Error(`npm start ended with ${running.exitCode}`)
    const socket = connect(port, '127.0.0.1')
    const connected = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (connected) return
  }
  throw new Error(`nothing answers at port ${port}`)
}

/** What one start took, in seconds since the command. */
interface Times {
  readonly pagesAnswer: number
  readonly pageDrawn: number
  readonly firstValue: number
  readonly toldFirstValues: number
  /** Processor time until the first value: of `npm start` with all that it starts, and of the browser. */
  readonly demoProcessor: number
  readonly browserProcessor: number
}

type Chromium = Awaited<ReturnType<typeof openChromium>>

async function oneStart(chromium: Chromium): Promise<Times> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-bench-start-'))
  const port = await freePort()
  const arguments_ = ['--data', join(folder, 'data'), '--port', String(port), '--history-months', MONTHS]
  for (const option of ['--mqtt-port', '--modbus-port', '--control-port']) arguments_.push(option, '0')
  const startedMs = performance.now()
  const sinceStart = (): number => (performance.now() - startedMs) / 1_000
  // A group of its own, so that the end of one is the end of all: npm, its shell, the demo and its processes.
  const running = spawn('npm', ['start', '--', ...arguments_], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  const ended = once(running, 'exit')
  const { pid } = running
  if (pid === undefined) throw new Error('npm start could not be run')
  const browserSeconds = (): number => processorSeconds(process.pid, pid) - process.cpuUsage().user / 1e6
  const browserBefore = browserSeconds()
  let told = Number.NaN
  running.stdout.on('data', (chunk: Buffer) => {
    if (Number.isNaN(told) && chunk.toString().includes('first live values')) told = sinceStart()
  })
  try {
    await answers(port, running)
    const pagesAnswer = sinceStart()
    const page = await chromium.open(`http://127.0.0.1:${port}/`)
    await page.getByTestId('meters').waitFor({ timeout: GIVE_UP_MS })
    const pageDrawn = sinceStart()
    await page
      .locator('[data-testid^="value-"]')
      .filter({ hasText: /\d/ })
      .first()
      .waitFor({ timeout: GIVE_UP_MS })
    const firstValue = sinceStart()
    const demoProcessor = processorSeconds(pid)
    const browserProcessor = browserSeconds() - browserBefore
    await page.close()
    return {
      pagesAnswer,
      pageDrawn,
      firstValue,
      toldFirstValues: told,
      demoProcessor,
      browserProcessor,
    }
  } finally {
    if (running.exitCode === null) process.kill(-pid, 'SIGINT')
    await ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const columns = {
  'pages answer': ({ pagesAnswer }: Times) => pagesAnswer,
  'page drawn': ({ pageDrawn }: Times) => pageDrawn,
  'a meter’s value on the page': ({ firstValue }: Times) => firstValue,
  'the terminal says first values': ({ toldFirstValues }: Times) => toldFirstValues,
  'processor time of the demo': ({ demoProcessor }: Times) => demoProcessor,
  'processor time of the browser': ({ browserProcessor }: Times) => browserProcessor,
}

export async function benchStart(): Promise<void> {
  const chromium = await openChromium()
  const runs: Times[] = []
  try {
    await chromium.open('about:blank')
    for (let run = 0; run < RUNS; run += 1) {
      const load = loadavg()[0] ?? 0
      const times = await oneStart(chromium)
      runs.push(times)
      const figures = Object.values(columns).map((of) => `${of(times).toFixed(2)} s`)
      console.log(`load ${load.toFixed(2).padStart(5)}   ${figures.join('   ')}`)
    }
  } finally {
    await chromium.close()
  }
  for (const [what, of] of Object.entries(columns)) {
    const sorted = runs.map(of).toSorted((a, b) => a - b)
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2)
    console.log(`${what.padEnd(32)} median ${at(0.5)} s, ${at(0)} to ${at(1)} s`)
  }
}
