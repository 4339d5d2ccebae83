import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { openChromium } from '#test/support/chromium.ts'

/**
 * The first screen of a browser that was never here before: from the address to the first value of a meter, by the
 * browser's own clock, with the demo running beside it. Each round has a Chromium with a new profile.
 */
const RUNS = Number(process.env['TANBIAO_BENCH_RUNS'] ?? 7)
const MONTHS = process.env['TANBIAO_BENCH_MONTHS'] ?? '0'
/** After the first values the demo goes on starting for a while. */
const SETTLE_MS = 15_000

const cli = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))

const found = z.object({
  painted: z.number(),
  drawn: z.number(),
  script: z.number(),
  scriptUntilDrawn: z.number(),
  all: z.number(),
})

/** Run in the page: when the first value stood there, and what had come over the network. */
const look = `new Promise((resolve) => {
  const bytes = (until, wanted) => performance.getEntriesByType('resource')
    .filter(({ name, responseEnd }) => responseEnd <= until && wanted.test(name))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
  const look = () => {
    const value = [...document.querySelectorAll('[data-testid^="value-"]')].some(({ textContent }) => /\\d/.test(textContent))
    if (!value) return requestAnimationFrame(look)
    const drawn = performance.now()
    setTimeout(() => resolve({
      painted: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
      drawn,
      scriptUntilDrawn: bytes(drawn, /\\.js$/),
      script: bytes(Infinity, /\\.js$/),
      all: bytes(Infinity, /./),
    }), 3000)
  }
  look()
})`

export async function benchFirstScreen(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-screen-'))
  const ports = ['--port', '--mqtt-port', '--modbus-port', '--control-port'].flatMap((name) => [name, '0'])
  const demo = fork(cli, ['demo', '--data', join(folder, 'data'), '--history-months', MONTHS, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const ended = once(demo, 'exit')
  try {
    let text = ''
    const url = await new Promise<string>((resolve, reject) => {
      demo.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const address = /open\s+(http:\S+)/.exec(text)?.[1]
        if (address !== undefined) resolve(address)
      })
      demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}`)))
    })
    await sleep(SETTLE_MS)
    const rounds: z.output<typeof found>[] = []
    for (let run = 0; run < RUNS; run += 1) {
      const chromium = await openChromium()
      try {
        const page = await chromium.open('about:blank')
        await page.goto(url, { waitUntil: 'commit' })
        rounds.push(found.parse(await page.evaluate(look)))
      } finally {
        await chromium.close()
      }
    }
    const sorted = (of: (round: (typeof rounds)[number]) => number): string => {
      const values = rounds.map(of).toSorted((a, b) => a - b)
      const [low, middle, high] = [values[0], values[values.length >> 1], values.at(-1)]
      return `median ${Math.round(middle ?? 0)} (${Math.round(low ?? 0)} to ${Math.round(high ?? 0)})`
    }
    console.log(`  ${RUNS} cold browsers beside the demo (load ${loadavg()[0]?.toFixed(1)})`)
    console.log(`  first paint: ${sorted(({ painted }) => painted)} ms`)
    console.log(`  first value of a meter: ${sorted(({ drawn }) => drawn)} ms`)
    const kib = (of: (round: (typeof rounds)[number]) => number): string => sorted((each) => of(each) / 1_024)
    console.log(`  JavaScript as it came until then: ${kib(({ scriptUntilDrawn }) => scriptUntilDrawn)} KiB`)
    console.log(`  JavaScript of the whole overview: ${kib(({ script }) => script)} KiB`)
    console.log(`  everything: ${kib(({ all }) => all)} KiB`)
  } finally {
    demo.kill('SIGINT')
    await ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
