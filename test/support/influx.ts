import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort, serverPath } from './servers.ts'

/** A real InfluxDB in a temporary folder, on ports of the loopback. */
export interface InfluxServer {
  readonly port: number
  /** Its process; `undefined` while it is stopped. */
  pid(): number | undefined
  /** Starts it on the same folder and port after `stop` or `kill`; resolves when it answers. */
  start(): Promise<void>
  /** Asks it to end, and waits. */
  stop(): Promise<void>
  /** kill -9, and waits for the end of the process. */
  kill(): Promise<void>
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

const READY_WITHIN_MS = 30_000
const BETWEEN_PINGS_MS = 20

function configuration(folder: string, port: number, rpcPort: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpcPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[logging]
  level = "error"
`
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/ping`)).ok
  } catch {
    return false
  }
}

async function untilReady(child: ChildProcess, port: number, output: () => string): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error(`influxd did not start: ${output()}`)
    }
    await pause(BETWEEN_PINGS_MS)
  }
}

/** Starts an influxd that keeps everything in `folder`, which goes with it. */
export async function runInflux(
  folder: string,
  port: number,
  command: string,
  args: readonly string[],
): Promise<InfluxServer> {
  let child: ChildProcess | undefined

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }
  const server: InfluxServer = {
    port,
    pid: () => child?.pid,
    start: async () => {
      let output = ''
      child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          output = (output + chunk.toString()).slice(-4_000)
        })
      }
      await untilReady(child, port, () => output)
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    remove: async () => {
      await end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    await server.start()
  } catch (error) {
    await server.remove()
    throw error
  }
  return server
}

/** Starts Debian's influxd, its folder within `parent`. The suite must be declared with `describeWith(['influxd'], …)`. */
export async function startInflux(parent = tmpdir()): Promise<InfluxServer> {
  const folder = mkdtempSync(join(parent, 'tanbiao-influx-'))
  mkdirSync(join(folder, 'meta'))
  const port = await freePort()
  const file = join(folder, 'influxdb.conf')
  writeFileSync(file, configuration(folder, port, await freePort()))
  return runInflux(folder, port, serverPath('influxd'), ['-config', file])
}
