import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { balanceView } from '#accounts/balance-view.ts'
import { readReportFiles } from '#cli/accounting-files.ts'
import { at, march, planWith, PostingBench, smallPark } from '#cli/posting.test-support.ts'
import { Fault } from '#contract/fault.ts'
import { reportScheduleFile, type ReportSchedule } from '#contract/report-schedule.ts'
import type { Notice } from '../alarms/notify.ts'
import { scheduledReports, type ScheduledReportList } from '../api/scheduled-shapes.ts'
import { ServerBench } from '../server.test-support.ts'
import { ReportArchive } from './archive.ts'
import { ScheduleBook } from './schedule-book.ts'

let posting: PostingBench
let bench: ServerBench
let schedule: ReportSchedule
/** All of them, where there is more than one. */
let schedules: readonly ReportSchedule[] | undefined
const mails: { readonly to: readonly string[]; readonly notice: Notice }[] = []
let mailFault: Error | undefined
const { signal } = new AbortController()

const folder = (): string => join(posting.folder, 'reports')
const archive = (): ReportArchive => new ReportArchive(folder())

async function start(): Promise<void> {
  const { books, rules, clock } = posting
  const plan = planWith()
  await bench.start({
    park: smallPark,
    clock,
    reports: { ...readReportFiles(), library: rules.library, plan, books },
    accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    scheduled: {
      book: new ScheduleBook(folder(), schedules ?? [schedule]),
      archive: archive(),
      mailTo: (to) => ({
        name: 'mail',
        send: async (notice) => {
          if (mailFault !== undefined) throw mailFault
          mails.push({ to, notice })
        },
      }),
    },
  })
}
/** The process ends and another one begins with the same folder. */
async function restart(): Promise<void> {
  await bench.server.stop()
  await start()
}
const look = async (): Promise<number | undefined> => bench.server.scheduled?.look(signal)
const listed = async (): Promise<ScheduledReportList> =>
  scheduledReports.parse(await bench.get('/api/v1/scheduled-reports'))

function scheduleOf(given: object): ReportSchedule {
  const [found] = reportScheduleFile.parse({
    schedules: [{ id: 'monthly', from: '2026-03-01', ...given }],
    mail: { host: 'mail.example', from: 'tanbiao@park.example' },
  }).schedules
  if (found === undefined) throw new Error('no schedule')
  return found
}

beforeEach(async () => {
  mails.length = 0
  mailFault = undefined
  schedules = undefined
  schedule = scheduleOf({ reports: ['balance'] })
  posting = new PostingBench()
  posting.fill('steel-incoming', march)
  await posting.post()
  bench = new ServerBench()
})
afterEach(async () => {
  await bench.stop()
  posting.remove()
})

test('what is due is made once for the park and each account, whatever restarts, and not changed by what comes later', async () => {
  posting.clock.advance(at('2026-05-20T12:00') - posting.clock.wallMs())
  await start()
  await bench.signIn()
  // March and April of the park and of two accounts.
  expect(await look()).toBe(6)
  expect(await look()).toBe(0)
  const before = readFileSync(join(folder(), 'monthly/2026-03/steel/balance.json'), 'utf8')
  await restart()
  posting.fill('steel-incoming', march, 2_000)
  expect(await look()).toBe(0)
  expect(readFileSync(join(folder(), 'monthly/2026-03/steel/balance.json'), 'utf8')).toBe(before)

  const { reports, schedules } = await listed()
  expect(reports.map(({ period, account }) => `${period} ${account}`)).toEqual([
    '2026-04 _park',
    '2026-04 food',
    '2026-04 steel',
    '2026-03 _park',
    '2026-03 food',
    '2026-03 steel',
  ])
  expect(schedules[0]?.next).toEqual({ period: '2026-05', dueMs: at('2026-06-03T06:00') })
  // Three weeks off: what was missed is made, in order, and nothing else.
  posting.clock.advance(at('2026-07-03T06:00') - posting.clock.wallMs())
  await restart()
  expect(await look()).toBe(6)
  expect(
    readdirSync(join(folder(), 'monthly'))
      .filter((name) => name.startsWith('20'))
      .toSorted(),
  ).toEqual(['2026-03', '2026-04', '2026-05', '2026-06'])
})

test('a crash between two reports leaves each whole or not there, and the rest is made after it', async () => {
  await start()
  const partial = join(folder(), 'monthly/2026-03/.partial-steel')
  archive().keep(
    {
      v: 1,
      schedule: 'monthly',
      period: '2026-03',
      account: '_park',
      language: 'zh',
      planRevision: '1',
      dueMs: 1,
      madeAtMs: 1,
      refused: [],
      withoutPdf: null,
    },
    [],
  )
  mkdirSync(partial)
  writeFileSync(join(partial, 'balance.json'), '{"torn":')
  await restart()
  expect(await look()).toBe(5)
  expect(readdirSync(join(folder(), 'monthly/2026-03')).toSorted()).toEqual(['_park', 'food', 'steel'])
})

test('files come with the digest of their manifest, say what is missing, and a changed one is not handed out', async () => {
  schedule = scheduleOf({ of: ['_park', 'steel'] })
  await start()
  await bench.signIn()
  await look()
  const { reports } = await listed()
  const steel = reports.find(({ account, period }) => account === 'steel' && period === '2026-03')
  expect(steel?.files.map(({ name }) => name).filter((name) => !name.endsWith('.pdf'))).toEqual([
    'statistics.json',
    'statistics.xlsx',
    'balance.json',
    'balance.xlsx',
    'quality.json',
    'quality.xlsx',
    'carbon.json',
    'carbon.xlsx',
  ])
  for (const { name, sha256, bytes } of steel?.files ?? []) {
    const answer = await bench.ask(`/api/v1/accounts/steel/scheduled-reports/monthly/2026-03/${name}`)
    expect(answer.status, name).toBe(200)
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="2026-03-steel-${name}"`)
    const content = Buffer.from(await answer.arrayBuffer())
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
    expect(content).toHaveLength(bytes)
  }
  const park = await bench.get('/api/v1/scheduled-reports/monthly/2026-03/balance.json')
  const inflow = balanceView.parse(park).rows.find(({ id }) => id === 'inflow')
  expect(inflow?.cells['electricity']).toMatchObject({ amount: '29760', incomplete: true })

  const file = join(folder(), 'monthly/2026-03/steel/balance.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('29760', '29761'))
  const changed = await bench.ask('/api/v1/accounts/steel/scheduled-reports/monthly/2026-03/balance.json')
  expect(changed.status).toBe(500)
  expect(await changed.json()).toMatchObject({ code: 'report-damaged' })
})

test('an enterprise user has the reports of its own account alone, and no path leads out of the folder', async () => {
  await start()
  await bench.signIn()
  await look()
  await bench.signInAsUserOf('food')
  const { reports } = await listed()
  expect(new Set(reports.map(({ account }) => account))).toEqual(new Set(['food']))
  const status = async (path: string): Promise<number> => (await bench.ask(path)).status
  const own = '/api/v1/accounts/food/scheduled-reports'
  expect(await status(`${own}/monthly/2026-03/balance.json`)).toBe(200)
  expect(await status('/api/v1/accounts/steel/scheduled-reports/monthly/2026-03/balance.json')).toBe(403)
  expect(await status('/api/v1/scheduled-reports/monthly/2026-03/balance.json')).toBe(403)
  expect(await status(`${own}/monthly/2026-03/manifest.json`)).toBe(404)
  for (const path of [
    `${own}/monthly/2026-03/..%2fsteel%2fbalance.json`,
    `${own}/monthly/..%2f..%2f..%2faccess.sqlite/balance.json`,
    `${own}/monthly%2f2026-03%2fsteel/x/balance.json`,
    '/api/v1/accounts/food%2f..%2fsteel/scheduled-reports/monthly/2026-03/balance.json',
    `${own}/monthly/2026-03%2f..%2f2026-03/balance.json`,
  ]) {
    expect([400, 403, 404], path).toContain(await status(path))
  }
})

test('mail takes the files along, once; a server that is away is asked again', async () => {
  schedule = scheduleOf({ of: ['steel'], reports: ['carbon'], mailTo: ['manager@park.example'] })
  mailFault = new Error('away')
  await start()
  await look()
  expect(mails).toEqual([])
  mailFault = undefined
  await look()
  expect(mails).toEqual([])
  posting.clock.advance(15 * 60_000)
  await look()
  await look()
  await restart()
  await look()
  expect(mails.map(({ to }) => to)).toEqual([['manager@park.example'], ['manager@park.example']])
  expect(mails[1]?.notice).toMatchObject({ subject: '园: 2026-03 steel' })
  const [first] = mails[1]?.notice.attachments ?? []
  expect(first?.filename).toBe('2026-03-steel-carbon.xlsx')
  expect(first?.content.subarray(0, 2).toString()).toBe('PK')
})

test('what is damaged of one schedule or report holds up no other one, and is named', async () => {
  schedule = scheduleOf({ of: ['steel'], reports: ['carbon'], mailTo: ['manager@park.example'] })
  mailFault = new Error('away')
  await start()
  await bench.signIn()
  await look()
  mailFault = undefined
  rmSync(join(folder(), 'monthly/2026-04/steel/carbon.xlsx'))
  posting.clock.advance(15 * 60_000)
  await look()
  expect(mails.map(({ notice }) => notice.subject)).toEqual(['园: 2026-03 steel'])
  const lost = await bench.ask('/api/v1/accounts/steel/scheduled-reports/monthly/2026-04/carbon.xlsx')
  expect(await lost.json()).toMatchObject({ code: 'report-damaged' })

  // Cut short by a crash: it does not say since when, and that is not since 1970.
  const yearly = scheduleOf({
    id: 'yearly',
    every: 'year',
    of: ['steel'],
    reports: ['carbon'],
    from: undefined,
  })
  mkdirSync(join(folder(), 'yearly'))
  writeFileSync(join(folder(), 'yearly/.since'), '')
  schedules = [yearly, schedule]
  await restart()
  posting.clock.advance(at('2026-06-20T12:00') - posting.clock.wallMs())
  const failed = look()
  await expect(failed).rejects.toMatchObject({ errors: [{ code: 'report-damaged' }] })
  expect(
    archive()
      .list()
      .map(({ schedule: of, period }) => `${of} ${period}`),
  ).toEqual(['monthly 2026-05', 'monthly 2026-04', 'monthly 2026-03'])
})

test('a report that cannot be made is told of beside the others', async () => {
  schedule = scheduleOf({ of: ['_park', 'steel'], reports: ['forms', 'quality'] })
  const { books, rules, clock } = posting
  const failing = new Proxy(books, {
    get: (target, name: keyof typeof books) => {
      if (name === 'sumsOver')
        return () => {
          throw new Fault('amount-overflow', 'Too large.')
        }
      const member = target[name]
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  await bench.start({
    park: smallPark,
    clock,
    reports: { ...readReportFiles(), library: rules.library, plan: planWith(), books: failing },
    scheduled: { book: new ScheduleBook(folder(), [schedule]), archive: archive(), mailTo: undefined },
  })
  await look()
  const [newest] = archive().list()
  expect(newest).toMatchObject({
    account: '_park',
    files: [],
    refused: [{ report: 'quality', code: 'amount-overflow', message: 'Too large.' }],
  })
})

test('a manager makes, changes and ends a schedule; what it made stays, and the audit log has each of it', async () => {
  await start()
  await bench.signIn()
  const path = '/api/v1/report-schedules'
  const made = { id: 'quarterly', every: 'quarter', reports: ['balance'], of: ['steel'] }
  expect((await bench.change('POST', path, made)).status).toBe(200)
  expect((await bench.change('POST', path, made)).status).toBe(409)
  expect((await bench.change('POST', path, { ...made, id: 'other', of: ['nobody'] })).status).toBe(404)
  expect((await bench.change('PATCH', `${path}/monthly`, { day: 9 })).status).toBe(400)
  expect((await bench.change('PATCH', `${path}/quarterly`, { day: 9, of: null })).status).toBe(200)
  await restart()
  const { schedules: lines, can } = await listed()
  expect(can).toEqual({ schedule: true, mail: true })
  expect(lines.map(({ id, by, day, of }) => ({ id, by, day, of }))).toEqual([
    { id: 'monthly', by: null, day: 3, of: null },
    { id: 'quarterly', by: 'admin', day: 9, of: null },
  ])
  // The first quarter ended before it was made: it begins with the second.
  posting.clock.advance(at('2026-07-09T06:00') - posting.clock.wallMs())
  await bench.signInAgain()
  await look()
  const quarterly = async (): Promise<string[]> =>
    (await listed()).reports.flatMap(({ schedule: of, period }) => (of === 'quarterly' ? [period] : []))
  expect(new Set(await quarterly())).toEqual(new Set(['2026-Q2']))
  expect((await bench.change('DELETE', `${path}/quarterly`, {})).status).toBe(204)
  expect((await listed()).schedules.map(({ id }) => id)).toEqual(['monthly'])
  expect(await quarterly()).not.toEqual([])
  const audit = JSON.stringify(await bench.get('/api/v1/audit'))
  for (const method of ['POST', 'PATCH', 'DELETE']) expect(audit).toContain(`${method} ${path}`)
})
