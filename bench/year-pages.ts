import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { accountMonthOf, monthNames } from '#accounts/account-month.ts'
import type { AccountingPlan, AccountPlan, MeasuredTerm } from '#accounts/accounting-plan.ts'
import { targetFile, type TargetFile } from '#accounts/targets/target.ts'
import { readReportFiles } from '#cli/accounting-files.ts'
import { DEFAULT_ALARM_RULES } from '#cli/alarm-files.ts'
import { readPostingRules } from '#cli/posting-rules.ts'
import { alarmsFile } from '#contract/alarm.ts'
import { ManualClock } from '#contract/clock.ts'
import type { EntryBody } from '#contract/entry.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { readData } from '#firmware-config/document.ts'
import type { Server } from '#dashboards/server-options.ts'
import { startServer } from '#dashboards/server.ts'
import { AccessBook } from '#store/access-book.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { parkOf, planOf } from './large-park.ts'
import { weekOf } from './made-up-intervals.ts'

/** What the server takes for pages over a year, and over a month, of 1,000 meters. */

const METERS = 1_000
const ROUNDS = Number(process.env['TANBIAO_BENCH_RUNS'] ?? 5)
const WEEK_MS = 7 * 96 * SLOT_MS
const DAYS_AT_ONCE = 5_000
const at = (text: string): number => Temporal.Instant.from(text).epochMilliseconds
const past: Period = { fromMs: at('2025-01-01T00:00:00+08:00'), toMs: at('2026-02-01T00:00:00+08:00') }
const nowMs = past.toMs + 10 * 60_000

/** Books in which every meter has 13 months of slots: those of the first one, and copies of its rows. */
function fillBooks(file: string, park: Park): void {
  const { timeZone } = park.description
  const books = openBooks(file, timeZone)
  const [first, ...others] = park.meters.values()
  if (first === undefined) throw new Error('a park without meters')
  for (let fromMs = past.fromMs; fromMs < past.toMs; fromMs += WEEK_MS) {
    const week = { fromMs, toMs: Math.min(fromMs + WEEK_MS, past.toMs) }
    books.record({ meter: first.id, fromMs: 1, toMs: 0 }, weekOf(first, week), nowMs)
  }
  while (books.settleDays(nowMs, DAYS_AT_ONCE) > 0);
  books.close()
  const database = new DatabaseSync(file)
  database.exec('PRAGMA synchronous = OFF; BEGIN')
  const add = database.prepare('INSERT INTO series (meter, quantity) VALUES (?, ?) RETURNING id')
  const own = Number(database.prepare('SELECT id FROM series').get()?.['id'])
  const keys = { day_sum: 'from_ms', month_sum: 'month', interval_day: 'from_ms' }
  const copies = Object.entries(keys).map(([table, key]) =>
    database.prepare(
      // Sums of other meters are other sums; only pages of slots are the same.
      `INSERT INTO ${table} SELECT ?1, ${key}, ${table === 'interval_day' ? 'content' : `replace(content, '"count":', '"count":' || CAST(?1 AS INTEGER))`}
       FROM ${table} WHERE series = ?2`,
    ),
  )
  for (const { id, register } of others) {
    const series = Number(add.get(id, register)?.['id'])
    for (const copy of copies) copy.run(series, own)
  }
  database.exec('COMMIT')
  database.close()
}

/** Postings of every source and month, ten tonnes each. */
function fillLedgers(books: Books, plan: AccountingPlan): void {
  const months = monthNames('2025-01', '2026-01')
  for (const { account, sources } of plan.accounts) {
    const bodies = months.flatMap((month) =>
      sources.map(({ id, measured }) => postingOf(month, id, measured)),
    )
    books.post(account, bodies, nowMs)
  }
}

function postingOf(month: string, source: string, measured: readonly MeasuredTerm[]): EntryBody {
  const { fromMs, toMs } = accountMonthOf(month, 'Asia/Shanghai')
  return {
    kind: 'posting',
    month,
    source,
    sourceKind: 'electricity-purchased',
    scope: '2',
    activity: { amount: '14204.3', unit: 'kWh' },
    formula: 'electricity',
    factors: [],
    tCo2: '10.001',
    completeness: '1',
    methods: { measured: '1' },
    evidence: {
      meters: measured.map(({ meter, share }) => ({
        meter,
        quantity: 'activeEnergyImport.total' as const,
        unit: 'kWh',
        share,
        energy: '14204.3',
        fromMs,
        toMs,
        slots: { expected: 2_976, known: 2_976, missing: 0, undecided: 0 },
        byMethod: { measured: '14204.3' },
        runs: [[fromMs, 2_976, 1]],
        digest: 'd'.repeat(64),
        accuracy: { percent: '0.5', assumed: false },
      })),
      records: [],
    },
  }
}

/** Each meter of purchased electricity as a source of its account. */
function withSources(plan: AccountingPlan, park: Park): AccountingPlan {
  const accounts = plan.accounts.map((account): AccountPlan => {
    const its = [...park.meters.values()].filter(
      ({ carrier, enterprise = park.description.id }) =>
        carrier === 'electricity' && enterprise === account.account,
    )
    const sources = its.map((meter): AccountPlan['sources'][number] => ({
      id: meter.id,
      name: meter.name,
      kind: 'electricity-purchased',
      item: 'electricity',
      measured: [{ meter: meter.id, share: '1' }],
      records: false,
    }))
    return { ...account, sources }
  })
  return { ...plan, accounts }
}

/** Targets of the park and of ten enterprises, of energy and of carbon each. */
function targetsOf({ description }: Park): TargetFile {
  const accounts = [description, ...description.enterprises.slice(0, 10)].map(({ id }) => id)
  return targetFile.parse({
    park: description.id,
    warnings: {
      document: 'made up',
      grades: [{ id: 'all', name: { zh: '正常', en: 'All' }, colour: 'green', from: '0' }],
    },
    targets: accounts.flatMap((account) =>
      (['energy', 'carbon'] as const).map((of) => ({
        id: `${account}-${of}`,
        account,
        year: 2026,
        of,
        limit: '100000',
        document: 'made up',
        confidence: 'unverified',
      })),
    ),
  })
}

async function measured(server: Server, path: string): Promise<string> {
  const times: number[] = []
  const processor: number[] = []
  const delay = monitorEventLoopDelay({ resolution: 1 })
  let bytes = 0
  let first = 0
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = process.cpuUsage()
    const startMs = performance.now()
    const answer = await fetch(server.url + path)
    bytes = (await answer.arrayBuffer()).byteLength
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`)
    // The first one compiles.
    if (round === 0) {
      first = performance.now() - startMs
      delay.enable()
      continue
    }
    times.push(performance.now() - startMs)
    const { user, system } = process.cpuUsage(before)
    processor.push((user + system) / 1_000)
  }
  delay.disable()
  const sorted = times.toSorted((a, b) => a - b)
  const ms = (value: number | undefined): string => `${Math.round(value ?? 0)} ms`
  const use = processor.toSorted((a, b) => a - b)[ROUNDS >> 1]
  return (
    `${path}\n    ${ms(sorted[ROUNDS >> 1])} (${ms(sorted[0])} to ${ms(sorted.at(-1))}), processor ${ms(use)}, ` +
    `longest turn ${ms(delay.max / 1e6)}, ${Math.round(bytes / 1_024)} KiB; the first time ${ms(first)}`
  )
}

export async function benchYearPages(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-year-'))
  try {
    const park = parkOf(METERS)
    const file = join(folder, 'books.sqlite')
    fillBooks(file, park)
    writeFileSync(join(folder, 'index.html'), '')
    const books = openBooks(file, park.description.timeZone)
    const store = await openReadingStore(`sqlite:${join(folder, 'readings.sqlite')}`)
    const access = new AccessBook(join(folder, 'access.sqlite'))
    const rules = readPostingRules()
    const plan = withSources(planOf(park), park)
    fillLedgers(books, plan)
    const reports = { ...readReportFiles(), ...rules, plan, books }
    const server = await startServer({
      port: 0,
      park,
      store,
      books,
      access,
      clock: new ManualClock(nowMs),
      log: pino({ level: 'error' }),
      webFolder: folder,
      openAs: 'auditor',
      reports,
      targets: { ...reports, targets: targetsOf(park) },
      accounts: { plan, rules, books, commits: store },
      alarms: {
        rules: readData(alarmsFile, DEFAULT_ALARM_RULES).value.rules,
        settle: () => ({ begun: [], ended: [] }),
        tell: () => undefined,
      },
    })
    console.log(`${park.meters.size} meters, ${park.description.enterprises.length} enterprises`)
    const [enterprise] = park.description.enterprises
    const [meter] = park.meters.keys()
    for (const path of [
      '/api/v1/reports/balance?period=2025',
      '/api/v1/reports/statistics?period=2025',
      '/api/v1/reports/quality?period=2025',
      `/api/v1/accounts/${enterprise?.id}/reports/balance?period=2025`,
      '/api/v1/targets',
      '/api/v1/accounts',
      `/api/v1/accounts/${enterprise?.id}/targets`,
      `/api/v1/accounts/${enterprise?.id}/statement`,
      '/api/quality/completeness?month=2025-12',
      '/api/quality/closures?month=2025-12',
      `/api/enterprises/${enterprise?.id}/month?month=2025-12`,
      `/api/enterprises/${enterprise?.id}/profile?month=2025-12`,
      `/api/meters/${meter}/energy?by=month&from=2025-01-01&to=2025-12-31`,
      '/api/v1/day',
      '/api/v1/flow',
      '/api/overview',
    ]) {
      console.log(`  ${await measured(server, path)}`)
    }
    for (const what of ['when a slot has settled', 'at any other time']) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const before = process.cpuUsage()
      await server.alarms?.look()
      const { user, system } = process.cpuUsage(before)
      delay.disable()
      const [use, longest] = [(user + system) / 1_000, delay.max / 1e6]
      console.log(
        `  all rules of alarms, ${what}: processor ${Math.round(use)} ms, longest turn ${Math.round(longest)} ms`,
      )
    }
    await server.stop()
    access.close()
    books.close()
    await store.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}
