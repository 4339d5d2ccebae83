import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { z } from 'zod'
import { startChild } from '#cli/child.ts'
import { message, residentMb, start } from './children.ts'
import { benchPark, READINGS_PER_BATCH } from './load.ts'

/**
 * `npm run bench drain`: an outage's backlog out of the journals of real gateways, through broker, validation and commit of
 * `tanbiao serve` with its books, its intervals and a page that is open, into SQLite, while new readings come every
 * second. Live is measured twice: from the journal to the receipt at the gateway, and from the reading to its event on the page's live stream.
 */
const READINGS = Number(process.env['TANBIAO_BENCH_DRAIN_READINGS'] ?? 5_000_000)
const GATEWAYS = 4

const filledShape = z.object({ rows: z.number(), seconds: z.number() })
const drainedShape = z.object({
  seconds: z.number(),
  batches: z.number(),
  p50: z.number(),
  p99: z.number(),
  most: z.number(),
})
const changeShape = z.object({
  meters: z.array(z.object({ meter: z.string(), register: z.object({ atMs: z.number() }).nullable() })),
})

/** Reads a live stream, and notes how old each new value is when it comes. */
async function watch(url: string, signal: AbortSignal, agesMs: number[]): Promise<void> {
  const answer = await fetch(new URL('/api/live', url), { signal })
  if (answer.body === null || !answer.ok) throw new Error(`no live stream: ${answer.status}`)
  const newest = new Map<string, number>()
  const fromMs = Date.now()
  let text = ''
  for await (const piece of answer.body.pipeThrough(new TextDecoderStream())) {
    text += piece
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const [, data] = /^event: change\ndata: (.*)$/.exec(event) ?? []
      if (data === undefined) continue
      for (const { meter, register } of changeShape.parse(JSON.parse(data)).meters) {
        // What was read before the drain began is backlog, and stands on the page until the first new reading.
        if (register === null || register.atMs < fromMs || register.atMs <= (newest.get(meter) ?? 0)) continue
        newest.set(meter, register.atMs)
        agesMs.push(Date.now() - register.atMs)
      }
    }
  }
}

const quantile = (values: readonly number[], share: number): string =>
  (
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN
  ).toFixed(0)

export async function benchDrain(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-drain-'))
  const park = join(folder, 'park.yaml')
  writeFileSync(park, stringify(benchPark(GATEWAYS)))
  const gateways = start('drain-gateways.ts', folder, GATEWAYS, READINGS)
  const serve = startChild(
    'serve',
    [
      ['serve'],
      ['--park', park, '--data', join(folder, 'server'), '--port', '0', '--mqtt-port', '0'],
      ['--open-as', 'auditor', '--log', 'warn'],
    ].flat(),
    join(folder, 'serve.log'),
  )
  const stop = new AbortController()
  try {
    const filled = await message(gateways, filledShape)
    console.log(`${filled.rows} batches in ${GATEWAYS} journals, written in ${filled.seconds.toFixed(1)} s`)
    const { url, ports } = await serve.told('ready')
    const agesMs: number[] = []
    const watched = watch(url, stop.signal, agesMs).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error
    })
    const memory: number[] = []
    const timer = setInterval(() => memory.push(residentMb(serve.pid)), 1_000)
    gateways.send({ url: `mqtt://127.0.0.1:${ports['mqtt']}` })
    const drained = await message(gateways, drainedShape)
    await sleep(1_000)
    clearInterval(timer)
    stop.abort()
    await watched
    const perSecond = Math.round((filled.rows * READINGS_PER_BATCH) / drained.seconds)
    console.log(
      [
        `drained in ${drained.seconds.toFixed(1)} s: ${perSecond.toLocaleString('en')} readings/s (load ${loadavg()[0]?.toFixed(1)})`,
        `live, from the journal to the receipt: p50 ${drained.p50.toFixed(0)}, p99 ${drained.p99.toFixed(0)}, at most ${drained.most.toFixed(0)} ms (${drained.batches} batches)`,
        `live, from the reading to the page: p50 ${quantile(agesMs, 0.5)}, p99 ${quantile(agesMs, 0.99)}, at most ${quantile(agesMs, 1)} ms (${agesMs.length} values)`,
        `memory of the server at most ${Math.max(...memory)} MB`,
      ].join('\n'),
    )
  } finally {
    stop.abort()
    gateways.kill('SIGKILL')
    await serve.stop()
    rmSync(folder, { recursive: true })
  }
}
