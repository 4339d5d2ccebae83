import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { accountMonthOf } from '#accounts/account-month.ts'
import { accountingPlan, type AccountingPlan } from '#accounts/accounting-plan.ts'
import type { FactorFiles } from '#accounts/factor.ts'
import { factorLibrary } from '#accounts/factor-library.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { proveLedgers } from '#cli/ledger-proof.ts'
import { PostingLoop } from '#cli/posting.ts'
import { PostingThreads, threadsOfMachine } from '#cli/posting-threads.ts'
import { slotOf } from '#cli/posting.test-support.ts'
import { readPostingRules } from '#cli/posting-rules.ts'
import { ManualClock } from '#contract/clock.ts'
import { slotsBetween } from '#contract/grid.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import { openBooks } from '#store/open.ts'
import type { Books } from '#store/port.ts'
import { MONTHS, withSums } from './made-up-sums.ts'

/**
 * `npm run bench accounts`: 1,000 enterprises × 10 sources × 36 months posted by the loop of the server into real books,
 * proved, and restated after a new factor of one year. The intervals below it, a thousand million of them, are not made: each register's month is a made-up sum, so reading them is measured apart (a month of one register).
 */
const ENTERPRISES = Number(process.env['TANBIAO_BENCH_ENTERPRISES'] ?? 1_000)
/** Threads beside the one that writes; 0: that one does all. */
const THREADS = Number(process.env['TANBIAO_BENCH_THREADS'] ?? threadsOfMachine())
const thread = new URL('accounts-posting-thread.ts', import.meta.url)
const SOURCES = 10
const ZONE = 'Asia/Shanghai'
const NOW = Temporal.Instant.from('2026-01-20T00:00:00+08:00').epochMilliseconds
const RESTATED_YEAR = 2025

const enterpriseOf = (index: number): string => `enterprise-${index + 1}`
const meterOf = (enterprise: string, source: number): string => `${enterprise}-m${source + 1}`

function parkOf(): Park {
  const name = { zh: '企业', en: 'Enterprise' }
  return indexPark(
    parkDescription.parse({
      id: 'bench-park',
      name,
      gateways: [{ id: 'gateway', name }],
      enterprises: Array.from({ length: ENTERPRISES }, (_, index) => ({
        id: enterpriseOf(index),
        name,
        meters: Array.from({ length: SOURCES }, (_, source) => ({
          id: meterOf(enterpriseOf(index), source),
          name,
          carrier: 'electricity',
          role: 'boundary',
          gateway: 'gateway',
          register: 'activeEnergyImport.total',
          ratingPerHour: 5_000,
          accuracyPercent: 0.5,
          installed: '2023-01-01T00:00:00+08:00',
        })),
      })),
    }),
  )
}

function planOf(): AccountingPlan {
  return accountingPlan.parse({
    park: 'bench-park',
    revision: '1',
    standardCoal: { edition: 'gb2589-2008' },
    accounts: Array.from({ length: ENTERPRISES }, (_, index) => ({
      account: enterpriseOf(index),
      sector: 'industry',
      fuelSet: 'S1',
      electricityRegion: 'tianjin',
      sources: Array.from({ length: SOURCES }, (_, source) => ({
        id: `source-${source + 1}`,
        name: { zh: '电', en: 'Electricity' },
        kind: 'electricity-purchased',
        item: 'electricity',
        measured: [{ meter: meterOf(enterpriseOf(index), source) }],
      })),
    })),
  })
}

/** A factor of Tianjin for one year, where there was none. */
function withFactorOf(files: FactorFiles, year: number): FactorFiles {
  const [row] = files.electricity.rows
  if (row === undefined) throw new RangeError('no factor')
  const added = {
    ...row,
    code: `grid/tianjin/average/${year}`,
    region: 'tianjin',
    series: 'average' as const,
    year,
    value: '0.65',
  }
  const rows = [...files.electricity.rows, added]
  return { ...files, electricity: { ...files.electricity, rows } }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
const memory = (): string => `${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`

/** Time on the clock and of the processor. */
async function timed(what: string, work: () => unknown): Promise<void> {
  const [startMs, processor] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(processor)
  console.log(
    `${what}: ${seconds(performance.now() - startMs)} (processor ${seconds((user + system) / 1_000)}), ${memory()} resident`,
  )
}

/** One register's month read from real intervals, which is what the made-up sums leave out. */
function monthOfOne(books: Books): void {
  const { fromMs, toMs } = accountMonthOf('2025-03', ZONE)
  const intervals = [...slotsBetween(fromMs, toMs)].map((slotMs) => slotOf('one-meter', slotMs, 1_000))
  books.record({ meter: 'one-meter', fromMs: 1, toMs: 0 }, intervals, NOW)
  const rounds = Array.from({ length: 9 }, () => {
    const startMs = performance.now()
    books.slotProof('one-meter', 'activeEnergyImport.total', { fromMs, toMs })
    return performance.now() - startMs
  }).toSorted((a, b) => a - b)
  console.log(
    `a month of one register from ${intervals.length} intervals: ${rounds[4]?.toFixed(1)} ms (median of 9)`,
  )
}

export async function benchAccounts(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-accounts-'))
  const file = join(folder, 'books.sqlite')
  const [park, plan] = [parkOf(), planOf()]
  const opened = openBooks(file, ZONE)
  const books = withSums(opened, park)
  const files = readFactorFiles()
  const clock = new ManualClock(NOW)
  const log = pino({ level: 'silent' })
  const loopWith = (factors: FactorFiles): PostingLoop => {
    const { items, assumptions } = readPostingRules()
    const data = { file, park: park.description, plan, factors, items, assumptions }
    return new PostingLoop({
      books,
      park,
      plan,
      rules: { items, assumptions, library: factorLibrary(factors) },
      clock,
      log,
      quietMs: 0,
      ...(THREADS === 0 ? {} : { threads: () => new PostingThreads(data, THREADS, log, thread) }),
    })
  }
  const entries = (): number =>
    opened.ledgerAccounts().reduce((sum, account) => sum + opened.ledgerHead(account).number, 0)
  const post = (loop: PostingLoop) => () => loop.work(Number.MAX_SAFE_INTEGER)
  try {
    await timed(`${ENTERPRISES} × ${SOURCES} × ${MONTHS.length} months posted`, post(loopWith(files)))
    console.log(`${entries()} entries, ${Math.round(statSync(file).size / 2 ** 20)} MiB on disk`)
    await timed('a pass after a restart, nothing changed', post(loopWith(files)))
    const later = withFactorOf(files, RESTATED_YEAR)
    const before = entries()
    await timed(`a new factor of ${RESTATED_YEAR} restates 12 months of all`, post(loopWith(later)))
    console.log(`${entries() - before} entries more`)
    await timed('all proved', () => {
      const rules = { ...readPostingRules(), library: factorLibrary(later) }
      const { findings, count } = proveLedgers(books, later, rules, undefined, { nowMs: clock.wallMs() })
      console.log(`${count.postings} postings computed again, ${findings.length} findings`)
    })
    monthOfOne(opened)
  } finally {
    opened.close()
    rmSync(folder, { recursive: true })
  }
}
