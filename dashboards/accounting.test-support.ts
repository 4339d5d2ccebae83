import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accountingPlan } from '#accounts/accounting-plan.ts'
import { readReportFiles } from '#cli/accounting-files.ts'
import { closingDeskOf, readClosingKeys } from '#cli/closing.ts'
import { deskOf } from '#cli/desk.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { readPostingRules } from '#cli/posting-rules.ts'
import { readTariffs } from '#cli/tariff-files.ts'
import { reportSchedule } from '#contract/report-schedule.ts'
import { newSigningKey } from '#firmware-config/signature.ts'
import type { Books, ReadingStore } from '#store/port.ts'
import { ReportArchive } from './scheduled/archive.ts'
import { ScheduleBook } from './scheduled/schedule-book.ts'
import type { ServerOptions } from './server-options.ts'
import type { ServerBench } from './server.test-support.ts'

/** What a server of the small park accounts by: a plan with an account of each enterprise, desk, keys and schedules. */
export function accountingOf(
  bench: ServerBench,
  books: Books,
  readings: ReadingStore,
): Pick<ServerOptions, 'reports' | 'accounts' | 'desk' | 'scheduled' | 'factors'> {
  const account = { sector: 'industry', fuelSet: 'S1', electricityRegion: 'tianjin' }
  const { park } = bench.options()
  const enterprises = park.description.enterprises.map(({ id }) => id)
  const plan = accountingPlan.parse({
    park: park.description.id,
    revision: '1',
    standardCoal: { edition: 'gb2589-2008' },
    accounts: enterprises.map((id) => ({ ...account, account: id })),
  })
  const rules = readPostingRules()
  const { publicText } = newSigningKey()
  writeFileSync(join(bench.folder, 'closing-keys.yaml'), `keys:\n  - name: manager\n    key: ${publicText}\n`)
  const keys = readClosingKeys(join(bench.folder, 'park.yaml'))
  const { clock } = bench
  const closings = closingDeskOf({ books, park, plan }, keys)
  const folder = join(bench.folder, 'reports')
  const given = reportSchedule.parse({
    id: 'monthly',
    of: ['_park', ...enterprises.slice(-1)],
    mailTo: ['office@park.example'],
  })
  return {
    desk: deskOf({ books, store: readings, park, clock, closings }),
    scheduled: {
      book: new ScheduleBook(folder, [given]),
      archive: new ReportArchive(folder),
      mailTo: undefined,
    },
    reports: { ...readReportFiles(), ...rules, plan, books },
    accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    factors: { factors: readFactorFiles(), tariffs: readTariffs() },
  }
}
