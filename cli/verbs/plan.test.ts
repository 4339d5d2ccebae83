import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const tanbiao = fileURLToPath(new URL('../tanbiao.ts', import.meta.url))
const here = (file: string): string => fileURLToPath(new URL(`../testing/${file}`, import.meta.url))

function plan(...args: string[]): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(process.execPath, [tanbiao, 'plan', ...args], { encoding: 'utf8' })
  return { status, stdout }
}

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
})
