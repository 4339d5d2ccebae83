import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { serverPath } from './servers.ts'

/** What support/pymodbus-server.py serves: registers by address, of each unit, on a port or a device. */
export interface PymodbusServer {
  readonly framing: 'tcp' | 'rtu'
  readonly port?: number
  readonly device?: string
  readonly units: Readonly<
    Record<number, { readonly function: 3 | 4; readonly registers: Readonly<Record<number, number>> }>
  >
}

/** Starts a Modbus server that this project did not write. Rejects with its last words when it ends before it listens. */
export async function startPymodbus(server: PymodbusServer): Promise<ChildProcess> {
  const python = spawn(serverPath('pymodbus'), [
    fileURLToPath(new URL('pymodbus-server.py', import.meta.url)),
  ])
  let words = ''
  python.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()))
  python.stdin.end(JSON.stringify(server))
  await Promise.race([
    once(python.stdout, 'data'),
    once(python, 'close').then(([code]) => {
      throw new Error(`pymodbus ended with ${String(code)}: ${words}`)
    }),
  ])
  return python
}
