import { spawn, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort, serverPath } from './servers.ts'

/** Debian's mosquitto as a process of its own, for tests that need a broker which is not ours. */
export interface Mosquitto {
  readonly url: string
  readonly port: number
  readonly pid: () => number | undefined
  /** Ends it, and starts it again on the same port with nothing remembered. */
  restart(): Promise<void>
  /** Ends it at once (SIGKILL); `restart` brings it back. */
  kill(): Promise<void>
  /** Ends it and removes its folder. */
  readonly stop: () => Promise<void>
}

/** A line of mosquitto's password file: salted SHA-512 of the password, in base64 (mosquitto_passwd -H sha512). */
export function passwordLine(username: string, password: string): string {
  const salt = randomBytes(12)
  const hash = createHash('sha512').update(password).update(salt).digest('base64')
  return `${username}:$6$${salt.toString('base64')}$${hash}`
}

/** Resolves when it says that it runs; goes on reading what it prints, because a full pipe would stop it. */
function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    if (child.stderr === null) return reject(new Error('mosquitto without stderr'))
    const lines: string[] = []
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (/mosquitto version .* running/.test(line)) resolve()
      if (lines.length < 50) lines.push(line)
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`mosquitto ended: ${lines.join('\n')}`)))
  })
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** Starts mosquitto on a free port of the loopback; `configuration` holds further lines of its configuration file. */
export async function startMosquitto(configuration: readonly string[] = []): Promise<Mosquitto> {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-mosquitto-'))
  const file = join(folder, 'mosquitto.conf')
  const head = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence false', 'log_dest stderr']
  writeFileSync(file, [...head, ...configuration, ''].join('\n'))

  async function launch(): Promise<ChildProcess> {
    const launched = spawn(serverPath('mosquitto'), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    try {
      await started(launched)
    } catch (error) {
      await end(launched, 'SIGKILL')
      throw error
    }
    return launched
  }

  let child = await launch()
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    pid: () => child.pid,
    restart: async () => {
      await end(child, 'SIGTERM')
      child = await launch()
    },
    kill: () => end(child, 'SIGKILL'),
    stop: async () => {
      await end(child, 'SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
