import { spawnSync } from 'node:child_process'
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
