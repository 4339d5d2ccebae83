import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { overview } from '#dashboards/api/shapes.ts'
import { openChromium } from './support/chromium.ts'
import { Demo, FREE_PORTS } from './support/demo.ts'
import { describeWith } from './support/servers.ts'
import { until } from './support/until.ts'

/** Processes of this machine whose arguments name a folder: what a demo has started. */
function processesOf(folder: string): { pid: number; args: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return args.includes(folder) ? [{ pid: Number(pid), args }] : []
      } catch {
        // It ended between the listing and the look.
        return []
      }
    })
}

/** The past has a test of its own; here its import would only compete with what is looked at. */
const NO_PAST = ['--history-months', '0']

describe('The demo park', () => {
  let folder: string
  let demo: Demo
  let url: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tanbiao-demo-'))
    demo = new Demo('--data', join(folder, 'data'), ...FREE_PORTS, ...NO_PAST)
    url = await demo.url()
  })

  afterAll(async () => {
    demo.interrupt()
    await demo.ended()
    rmSync(folder, { recursive: true })
  })

  it('shows its progress and the address of its pages', () => {
    expect(demo.output).toContain('首批实时值 first live values')
    expect(new URL(url).hostname).toBe('127.0.0.1')
  })

  it('tells a second copy who uses the folder', async () => {
    const second = new Demo('--data', join(folder, 'data'), ...FREE_PORTS, ...NO_PAST)
    expect(await second.ended()).toBe(1)
    expect(second.output).toContain('[already-running]')
    expect(second.output).toContain(url)
  })

  it('names a taken port', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve)
    })
    const address = taken.address()
    const port = address === null || typeof address === 'string' ? 0 : address.port
    for (const option of ['--port', '--mqtt-port', '--modbus-port', '--control-port']) {
      const ports = FREE_PORTS.map((each, index) => (FREE_PORTS[index - 1] === option ? String(port) : each))
      const other = new Demo('--data', join(folder, 'other'), ...ports, ...NO_PAST)
      expect(await other.ended()).toBe(1)
      expect(other.output, option).toContain('[port-taken]')
      expect(other.output, option).toContain(String(port))
    }
    taken.close()
    expect(processesOf(join(folder, 'other'))).toEqual([])
  })

  it('names a folder that is missing', async () => {
    const other = new Demo('--data', join(folder, 'missing', 'data'), ...FREE_PORTS)
    expect(await other.ended()).toBe(1)
    expect(other.output).toContain(`${join(folder, 'missing')} does not exist`)
    expect(other.output).toContain('[folder-unusable]')
  })

  it('starts a gateway again that was killed', async () => {
    const gateways = (): { pid: number }[] => processesOf(join(folder, 'data', 'gateways', 'gateway-east'))
    const [before] = gateways()
    expect(before).toBeDefined()
    process.kill(before?.pid ?? 0, 'SIGKILL')
    await until(() => gateways().find(({ pid }) => pid !== before?.pid))
  })

  it('cuts the power of a gateway and silences a meter on command, and shows both', async () => {
    const inject = async (order: object): Promise<string> => {
      const response = await fetch(`${demo.controlUrl()}/faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(order),
      })
      expect(response.status).toBe(201)
      return z.object({ id: z.string() }).parse(await response.json()).id
    }
    const end = async (id: string): Promise<void> => {
      await fetch(`${demo.controlUrl()}/faults/${id}`, { method: 'DELETE' })
    }
    const stateOf = async (meter: string): Promise<string | undefined> => {
      const view = overview.parse(await (await fetch(new URL('/api/overview', url))).json())
      return view.meters.find((each) => each.meter === meter)?.state
    }
    const becomes = (meter: string, ...states: readonly string[]): Promise<true> =>
      until(async () => (states.includes((await stateOf(meter)) ?? '') ? true : undefined))
    const west = (): { pid: number }[] => processesOf(join(folder, 'data', 'gateways', 'gateway-west'))

    await becomes('steel-compressors', 'ok')
    const dead = await inject({ kind: 'dead', meter: 'steel-compressors' })
    await becomes('steel-compressors', 'silent', 'failing')
    await end(dead)
    await becomes('steel-compressors', 'ok')

    const cut = await inject({ kind: 'power-cut', gateway: 'gateway-west' })
    await until(() => (west().length === 0 ? true : undefined))
    await becomes('food-incoming', 'gateway-silent')
    await end(cut)
    await becomes('food-incoming', 'ok')
    expect(west()).toHaveLength(1)
    expect(demo.output).toContain('gateway-west: 断电 power is cut')
  })

  describeWith(['chromium'], 'in a browser', () => {
    it('shows live values, and a silent gateway as silent', async () => {
      const chromium = await openChromium()
      try {
        const page = await chromium.open(url)
        await page.getByTestId('tile-power').getByText(/[1-9]/).first().waitFor()
        await page.getByTestId('state-steel-incoming').getByText('正常').waitFor()

        const [agent] = processesOf(join(folder, 'data', 'gateways', 'gateway-west'))
        process.kill(agent?.pid ?? 0, 'SIGSTOP')
        const gateway = page.getByTestId('gateway-gateway-west')
        await gateway.getByText('离线').waitFor()
        await page.getByTestId('state-food-incoming').getByText('网关离线').waitFor()
        expect(await page.getByTestId('state-steel-incoming').innerText()).toBe('正常')
        process.kill(agent?.pid ?? 0, 'SIGCONT')
        await gateway.getByText('在线').waitFor()
        expect(chromium.errors).toEqual([])
      } finally {
        await chromium.close()
      }
    })
  })
})

describe.concurrent('Stopping the demo park', () => {
  it.for([
    ['data folder', 'broker, store'],
    ['simulated meters', 'first live values'],
  ])('leaves no process behind on Ctrl-C, even while it starts: at "%s", then at "%s"', async (waits) => {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-demo-'))
    for (const wait of waits) {
      mkdirSync(join(folder, 'data'), { recursive: true })
      const demo = new Demo('--data', join(folder, 'data'), ...FREE_PORTS, ...NO_PAST)
      await until(() => (demo.output.includes(wait) ? true : undefined))
      demo.interrupt()
      expect(await demo.ended()).toBe(0)
      expect(demo.output).toContain('everything stopped')
      expect(processesOf(folder)).toEqual([])
    }
    rmSync(folder, { recursive: true })
  })

  it('leaves no process behind when it is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tanbiao-demo-'))
    const demo = new Demo('--data', join(folder, 'data'), ...FREE_PORTS, ...NO_PAST)
    await demo.url()
    demo.kill()
    await demo.ended()
    await until(() => (processesOf(folder).length === 0 ? true : undefined))
    rmSync(folder, { recursive: true })
  })
})
