import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const tanbiao = fileURLToPath(new URL('../tanbiao.ts', import.meta.url))
const here = (file: string): string => fileURLToPath(new URL(`../testing/${file}`, import.meta.url))

function run(...args: string[]): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(process.execPath, [tanbiao, ...args], { encoding: 'utf8' })
  return { status, stdout }
}
const plan = (...args: string[]) => run('plan', ...args)

describe('tanbiao plan', () => {
  it('shows requests, time and what does not fit', async () => {
    const { status, stdout } = plan(here('overloaded.yaml'))
    await expect(stdout).toMatchFileSnapshot(here('overloaded.plan.txt'))
    expect(status).toBe(1)
  })

  it('says the same as JSON', async () => {
    const { status, stdout } = plan('--json', here('overloaded.yaml'))
    await expect(stdout).toMatchFileSnapshot(here('overloaded.plan.json.txt'))
    expect(status).toBe(1)
  })

  it('is content with the demo park', () => {
    const east = new URL('../../firmware-config/examples/demo-park/gateway-east.yaml', import.meta.url)
    expect(plan(fileURLToPath(east)).status).toBe(0)
  })

  it('takes profiles of the user, and so does the check of the same file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-plan-'))
    try {
      const gateway = join(folder, 'gateway.yaml')
      writeFileSync(
        gateway,
        `gateway: g
park: p
uplink: { url: 'mqtt://127.0.0.1:1883' }
buses:
  - id: a
    transport: { kind: tcp, host: 127.0.0.1 }
    meters: [{ meter: m1, unit: 1, profile: example-wm1 }]
`,
      )
      const own = fileURLToPath(new URL('../../firmware-config/examples/own-profiles', import.meta.url))
      expect(plan(gateway).status).toBe(1)
      expect(plan(gateway, '--profiles', own)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('fits'),
      })
      expect(run('check', '--config', gateway, '--profiles', own)).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(', 0 findings'),
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
