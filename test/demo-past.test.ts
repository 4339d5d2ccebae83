import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeInstallation } from './support/installation.ts'
import { until } from './support/until.ts'

describe('The past of the demo park', () => {
  it('is filled in once, and goes on at the next start where a kill ended it', async () => {
    const installation = makeInstallation()
    try {
      const data = join(installation.folder, 'data')
      mkdirSync(data)
      const has =
        (...names: string[]) =>
        () =>
          existsSync(join(data, ...names)) ? true : undefined
      const start = (name: string) =>
        installation.start(name, 'demo', {
          data,
          port: 0,
          'mqtt-port': 0,
          'modbus-port': 0,
          'control-port': 0,
          'history-months': 1,
        })
      const first = start('first')
      await until(has('history', 'history.json'))
      await until(() =>
        readdirSync(join(data, 'history')).some((name) => name.endsWith('.zst')) ? true : undefined,
      )
      const manifest = readFileSync(join(data, 'history', 'history.json'), 'utf8')
      first.kill()
      await first.ended
      expect(has('server', 'history-complete.txt')()).toBeUndefined()

      // Until the children of the killed one have seen that it is gone, they hold its folders.
      const second = await until(async () => {
        const child = start('second')
        const isUp = until(has('log', 'import.log')).then(() => child)
        return await Promise.race([isUp, child.ended.then(() => undefined)])
      })
      await until(has('server', 'history-complete.txt'))
      expect(readFileSync(join(data, 'history', 'history.json'), 'utf8')).toBe(manifest)
      await second.stop(30_000)

      rmSync(join(data, 'log', 'import.log'))
      const third = start('third')
      const log = join(installation.folder, 'log', 'third.log')
      await until(() => (readFileSync(log, 'utf8').includes('first live values') ? true : undefined))
      await third.stop(30_000)
      expect(existsSync(join(data, 'log', 'import.log'))).toBe(false)
      const lines = readFileSync(join(installation.folder, 'log', 'second.log'), 'utf8')
      expect(lines).toMatch(/importing it 100 %/)
    } finally {
      await installation.remove()
    }
  }, 300_000)
})
