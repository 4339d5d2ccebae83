import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#contract/fault.ts'

/** Two serial devices that are wired to each other, made by socat: one for a gateway, one for the simulated meters. */
export interface PseudoTerminals {
  /** The device that a gateway or `mbpoll` opens. */
  readonly gatewayPath: string
  readonly metersPath: string
  /** Resolves when the devices are gone. */
  stop(): Promise<void>
}

/** socat tells that both ends are there in this line of its notices. */
const READY = 'starting data transfer loop'
/** Exit code of a shell that does not find a command. */
const NOT_FOUND = 127
/** Ends socat with its standard input, so that it goes however this process does. */
const WATCHED = `command -v socat >/dev/null || exit ${NOT_FOUND}
exec 3<&0; socat "$@" & pair=$!; (read -r _ <&3; kill $pair) & wait $pair`
/** Notices kept for the message of a fault. */
const NOTICES_MAX = 4_096

/**
 * Makes a pair of devices in a folder, named after the bus. Throws `program-missing` where socat is not installed and
 * `serial-device-unusable` where it fails.
 */
export async function makePseudoTerminals(folder: string, name: string): Promise<PseudoTerminals> {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (cause) {
    throw new Fault('folder-unusable', `${folder} cannot be made.`, { place: { file: folder }, cause })
  }
  const plain = name.replaceAll('/', '-')
  const gatewayPath = join(folder, plain)
  const metersPath = join(folder, `${plain}.meters`)
  const ends = [gatewayPath, metersPath].map((path) => `pty,raw,echo=0,link=${path}`)
  const socat = spawn('sh', ['-c', WATCHED, 'sh', '-d', '-d', ...ends], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((resolve) => {
    socat.once('close', () => {
      resolve()
    })
  })
  return await new Promise((resolve, reject) => {
    let notices = ''
    const fail = (what: string, cause?: Error): void => {
      socat.stdin.end()
      reject(new Fault('serial-device-unusable', what, { place: { path: gatewayPath }, cause }))
    }
    socat.once('error', (cause) => {
      fail(`socat cannot be started: ${cause.message}`, cause)
    })
    socat.once('exit', (code) => {
      if (code !== NOT_FOUND) fail(`socat ended with ${code}: ${notices.trim()}`)
      else reject(new Fault('program-missing', 'socat, which makes pseudo-terminals, is not installed.'))
    })
    socat.stderr.on('data', (chunk: Buffer) => {
      notices = `${notices}${chunk.toString()}`.slice(-NOTICES_MAX)
      if (!notices.includes(READY)) return
      resolve({
        gatewayPath,
        metersPath,
        stop: () => {
          socat.stdin.end()
          return ended
        },
      })
    })
  })
}
