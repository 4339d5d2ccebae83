import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { until } from './support/until.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const leftOut = ['.git', 'node_modules', 'data']

it('the demo runs from a folder whose name has spaces, percent signs and Chinese characters', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-path-'))
  const copy = join(folder, '碳表 50% #1')
  cpSync(root, copy, { recursive: true, filter: (file) => !leftOut.includes(relative(root, file)) })
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'))
  const freePorts = ['--port', '0', '--mqtt-port', '0', '--modbus-port', '0', '--control-port', '0']
  const demo = spawn(process.execPath, ['cli/tanbiao.ts', 'demo', ...freePorts], { cwd: copy })
  const ended = once(demo, 'exit')
  try {
    let output = ''
    for (const stream of [demo.stdout, demo.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    const url = await until(() => {
      if (demo.exitCode !== null) throw new Error(output)
      return /open {2}(http:\S+)/.exec(output)?.[1]
    })
    expect((await fetch(`${url}/api/overview`)).status).toBe(200)
  } finally {
    demo.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true })
  }
})
