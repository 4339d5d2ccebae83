import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { checkAll } from './check-all.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const printed: string[] = []
beforeEach(() => {
  printed.length = 0
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line))
})
afterEach(() => {
  vi.restoreAllMocks()
})

it('says how many files it has read, and has read every data file that comes with tanbiao', async () => {
  const files = globSync(
    [
      'accounts/**/*.yaml',
      'dashboards/alarms/rules.yaml',
      'firmware-config/examples/demo-park/*.yaml',
      'firmware-config/profiles/*.yaml',
      'simulators/scenarios/*.yaml',
    ],
    { cwd: root, exclude: ['**/cases/**', '**/*.golden.yaml'] },
  )
  await checkAll.run([])
  expect(printed).toEqual([`${files.length} files, 0 findings`])
})
