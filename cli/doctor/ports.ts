import { connect, createServer } from 'node:net'
import type { Finding } from './finding.ts'

/** Whether a port can be listened on, or why not. */
function freePort(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}

const reached = (host: string): string => (host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host)

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: reached(host), port, timeout: 3_000 })
    const end = (is: boolean) => () => {
      socket.destroy()
      resolve(is)
    }
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}

/** Whether a server that is to start finds its port free, and one that runs answers there. */
export async function checkPort(
  what: string,
  { host, port, isRunning }: { host: string; port: number; isRunning: boolean },
): Promise<Finding> {
  const check = 'port'
  const place = `${host}:${port} (${what})`
  if (port === 0) return { check, state: 'skipped', what: `${what}: a free port is taken at each start.` }
  if (isRunning) {
    if (await answers(host, port)) return { check, state: 'ok', what: `${place} answers.` }
    const advice = 'Give doctor the ports that serve was started with, or look into the log of the server.'
    return { check, state: 'fault', what: `${place} does not answer though the server runs.`, advice }
  }
  const reason = await freePort(host, port)
  if (reason === undefined) return { check, state: 'ok', what: `${place} is free.` }
  return {
    check,
    state: 'fault',
    what: `${place} cannot be listened on: ${reason}.`,
    advice:
      reason === 'EADDRINUSE'
        ? 'Stop the other program that listens there (ss -ltnp shows it), or choose another port.'
        : 'Choose an address of this machine, and a port that this user may use.',
  }
}
