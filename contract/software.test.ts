import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { SOFTWARE_VERSION } from './software.ts'

test('the version that the program says is that of its package', () => {
  const file = join(import.meta.dirname, '../package.json')
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8')))
  expect(SOFTWARE_VERSION).toBe(version)
})
