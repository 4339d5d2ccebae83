import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The folder of this project. */
export const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs `tanbiao …` to its end, and waits for it. */
export function tanbiao(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['cli/tanbiao.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

export interface Ran {
  /** −1 where it was killed. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Both. */
  readonly out: string
}

/** The same while this process goes on with what it does: with servers and meters that the command asks. */
export function tanbiaoBeside(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd: root, maxBuffer: 2 ** 26 }
    execFile(process.execPath, ['cli/tanbiao.ts', ...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === 'number' ? error.code : error === null ? 0 : -1
      resolve({ code, stdout, stderr, out: stdout + stderr })
    })
  })
}
