import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { describeWith } from '#test/support/servers.ts'
import { makePseudoTerminals } from './pseudo-terminals.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-pty-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

it('A machine without socat is told so', async () => {
  // The shell is found by its place in the system's own list; socat is not.
  vi.stubEnv('PATH', folder)
  const { symlinkSync } = await import('node:fs')
  symlinkSync('/bin/sh', join(folder, 'sh'))
  await expect(makePseudoTerminals(join(folder, 'lines'), 'g/b')).rejects.toMatchObject({
    code: 'program-missing',
  })
})

describeWith(['socat'], 'A pair of pseudo-terminals', () => {
  it('is there while it is wanted, and gone afterwards', async () => {
    const pair = await makePseudoTerminals(folder, 'g/b')
    expect([pair.gatewayPath, pair.metersPath]).toEqual([join(folder, 'g-b'), join(folder, 'g-b.meters')])
    expect([pair.gatewayPath, pair.metersPath].map((path) => existsSync(path))).toEqual([true, true])
    await pair.stop()
    expect([pair.gatewayPath, pair.metersPath].map((path) => existsSync(path))).toEqual([false, false])
  })

  it('cannot be made where a file is in its place', async () => {
    const first = await makePseudoTerminals(folder, 'g/b')
    await expect(makePseudoTerminals(join(first.gatewayPath, 'x'), 'g/b')).rejects.toMatchObject({
      code: 'folder-unusable',
    })
    await first.stop()
  })
})
