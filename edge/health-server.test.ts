import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startHealthServer, type HealthServer } from './health-server.ts'
import type { AgentReport } from './report.ts'

const slots = { wanted: 12, read: 9, failed: 1, missed: 2, held: 0 }
const well: AgentReport = {
  gateway: 'gw-1',
  epoch: 'ab'.repeat(16),
  described: 2,
  shortestMs: 1_000,
  sincePollMs: 250,
  uplink: { connected: true, forMs: 61_500 },
  journal: { rows: 3, bytes: 900, usedBytes: 40_960, quotaBytes: 1e9, oldestMs: 1_700_000_000_000 },
  clock: { condition: 'set', jumps: 1, aheadMs: -1_500 },
  meters: [
    { meter: 'm"1', state: 'ok', lastGoodMs: 1_700_000_000_500, slots },
    { meter: 'm2', state: 'silent', cause: 'timeout', slots },
  ],
  buses: [{ bus: 'b1', observedMs: 60_000, busyMs: 1_500, requests: 20, unanswered: 2 }],
}
const silent = (meter: string) => ({ meter, state: 'silent', cause: 'timeout', slots }) as const

let report: AgentReport
let server: HealthServer

beforeEach(async () => {
  report = well
  server = await startHealthServer(
    0,
    () => report,
    () => ({ residentBytes: 1e8, cpuSeconds: 1.25, startedSeconds: 1_700_000_000 }),
  )
})
afterEach(() => server.close())

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init)

async function verdict(path: string): Promise<{ status: number; about: string[] }> {
  const response = await get(path)
  const body: unknown = await response.json()
  const about = [...JSON.stringify(body).matchAll(/"about":"(\w+)"/g)].map(([, each = '']) => each)
  return { status: response.status, about }
}

/** What a scraper reads, by the rules of the text format 0.0.4; throws where they are broken. */
function scraped(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const finished = new Set<string>()
  let [family, type, helped] = ['', '', '']
  if (!text.endsWith('\n')) throw new Error('the last line must end')
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][\w:]*) \S.*$/.exec(line)
    const typed = /^# TYPE ([a-zA-Z_:][\w:]*) (gauge|counter)$/.exec(line)
    const sample =
      /^([a-zA-Z_:][\w:]*)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line,
      )
    if (help) {
      finished.add(family)
      helped = help[1] ?? ''
      if (finished.has(helped)) throw new Error(`${helped} is there twice`)
    } else if (typed) {
      ;[, family = '', type = ''] = typed
      if (helped !== family) throw new Error(`${family} has no help`)
      if ((type === 'counter') !== family.endsWith('_total')) throw new Error(`${family} is a ${type}`)
    } else if (sample) {
      if (sample[1] !== family) throw new Error(`${line} stands under ${family}`)
      const name = `${sample[1]}${sample[2] ?? ''}`
      if (samples.has(name)) throw new Error(`${name} is there twice`)
      samples.set(name, Number(sample[3]))
    } else throw new Error(`no line of the format: ${line}`)
  }
  return samples
}

describe('/metrics', () => {
  it('is Prometheus text with the figures of the report in seconds and bytes', async () => {
    const response = await get('/metrics')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const samples = scraped(await response.text())
    expect(Object.fromEntries(samples)).toMatchObject({
      tanbiao_edge_uplink_connected: 1,
      tanbiao_edge_uplink_state_age_seconds: 61.5,
      tanbiao_edge_poll_age_seconds: 0.25,
      tanbiao_edge_journal_oldest_timestamp_seconds: 1_700_000_000,
      tanbiao_edge_journal_used_bytes: 40_960,
      'tanbiao_edge_clock_condition{condition="set"}': 1,
      'tanbiao_edge_clock_condition{condition="unset"}': 0,
      tanbiao_edge_clock_ahead_seconds: -1.5,
      'tanbiao_edge_meter_slots_wanted_total{meter="m2"}': 12,
      'tanbiao_edge_meter_slots_total{meter="m2",outcome="missed"}': 2,
      'tanbiao_edge_meter_state{meter="m2",state="silent"}': 1,
      'tanbiao_edge_bus_busy_seconds_total{bus="b1"}': 1.5,
      'tanbiao_edge_bus_unanswered_requests_total{bus="b1"}': 2,
      process_cpu_seconds_total: 1.25,
    })
    expect(samples.get(String.raw`tanbiao_edge_meter_last_good_timestamp_seconds{meter="m\"1"}`)).toBe(
      1_700_000_000.5,
    )
  })

  it('says nothing of what is not known', async () => {
    report = { ...well, clock: undefined, meters: [silent('m2')], journal: { rows: 0, bytes: 0 } }
    const samples = scraped(await (await get('/metrics')).text())
    expect([...samples.keys()].filter((name) => /last_good|oldest|ahead|jumps/.test(name))).toEqual([])
  })
})

describe('/healthz', () => {
  it('is content with a gateway that works, whatever one meter does', async () => {
    expect(await verdict('/healthz')).toEqual({ status: 200, about: [] })
  })

  it.each<[string, Partial<AgentReport>]>([
    ['journal', { journal: { rows: 0, bytes: 0, problem: 'The disk is full.' } }],
    ['uplink', { uplink: { connected: false, forMs: 300_001 } }],
    ['meters', { meters: [silent('m1'), silent('m2')] }],
    ['polling', { sincePollMs: 302_001 }],
  ])('names what is wrong: %s', async (about, change) => {
    report = { ...well, ...change }
    expect(await verdict('/healthz')).toEqual({ status: 503, about: [about] })
    // Only a process that stands still is better started anew.
    expect((await verdict('/livez')).status).toBe(about === 'polling' ? 503 : 200)
  })

  it('waits with a lost connection, with meters that were not polled yet, and with slow polls', async () => {
    report = {
      ...well,
      uplink: { connected: false, forMs: 299_000 },
      meters: [silent('m2')],
      shortestMs: 3_600_000,
      sincePollMs: 7_000_000,
    }
    expect(await verdict('/healthz')).toEqual({ status: 200, about: [] })
  })
})

it('answers everything else with a refusal, and lives on', async () => {
  expect((await get('/')).status).toBe(404)
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  // A path that no URL can have.
  const odd = await new Promise<number | undefined>((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path: '//' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .once('error', reject)
      .end()
  })
  expect(odd).toBe(404)
  expect((await get('/livez')).status).toBe(200)
})

it('a port that is taken is a fault with its advice', async () => {
  const second = startHealthServer(
    server.port,
    () => report,
    () => ({ residentBytes: 0, cpuSeconds: 0, startedSeconds: 0 }),
  )
  await expect(second).rejects.toMatchObject({ code: 'port-taken' })
})
