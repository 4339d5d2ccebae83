import { z } from 'zod'
import { roleNames } from '#contract/access.ts'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import type { PostingRules } from '#accounts/posting.ts'
import type { TargetFile } from '#accounts/targets/target.ts'
import { Fault } from '#contract/fault.ts'
import type { Park } from '#contract/park.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { Notifier } from '#dashboards/alarms/notify.ts'
import { installedFont } from '#dashboards/report-pdf.ts'
import { startServer } from '#dashboards/server.ts'
import { openAccess } from '#ingest/access.ts'
import { startBroker } from '#ingest/broker.ts'
import { AccessBook } from '#store/access-book.ts'
import { startWorker, type Worker } from '#ingest/worker.ts'
import { MeasuredStore } from '#store/measured.ts'
import { openBooks, openReadingStore } from '#store/open.ts'
import { accountingPlanBeside, readAccountingPlan, readReportFiles } from '../accounting-files.ts'
import { readAlarms } from '../alarm-files.ts'
import { keepBooks } from '../bookkeeping.ts'
import { brokerAccessOf, brokerAccessOptions, brokerOptions, shareOptions, tlsOf } from '../broker-options.ts'
import { tellParent } from '../child.ts'
import { closingDeskOf, readClosingKeys } from '../closing.ts'
import { clockKeeper, clockOptions } from '../clock-keeper.ts'
import { courteous } from '../courteous-store.ts'
import { deskOf } from '../desk.ts'
import { openDataFolder } from '../data-folder.ts'
import { watchLifetime } from '../lifetime.ts'
import { readFactorFiles } from '../factor-files.ts'
import { LostBatches } from '../lost-batches.ts'
import { makeLog } from '../log.ts'
import { flag, logLevel, port, text } from '../options.ts'
import { operationsOf } from '../operations.ts'
import { clockOf, paceOfFolder, paceOptions } from '../pace.ts'
import { watchProcess } from '../process-use.ts'
import { readPostingRules } from '../posting-rules.ts'
import { threadsFor } from '../posting-threads.ts'
import { readContractedDemand, readLoadRule, readPowerFactors, readTariffs } from '../tariff-files.ts'
import { openScheduledReports } from '../report-schedules.ts'
import { HeadNotes } from '../head-notes.ts'
import { IntervalCopying } from '../interval-copying.ts'
import { checkRetention, Retention } from '../retention.ts'
import { readTargets, targetsBeside } from '../target-files.ts'
import { openOidc } from '../sign-in-file.ts'
import { verb } from '../verb.ts'
import { accessFolderIn } from './gateway-password.ts'

const options = z.object({
  park: text.meta({ description: 'The park file' }),
  data: text.default('./data').meta({ description: 'Folder for everything that is kept (./data)' }),
  store: text.optional().meta({
    description:
      'sqlite:FILE, influx1://HOST:PORT/DATABASE, influx2://HOST:PORT/ORG/BUCKET or influx3://HOST:PORT/DATABASE (sqlite in --data)',
  }),
  broker: text
    .default('embedded')
    .meta({ description: 'mqtt://HOST:PORT of a broker of yours, or "embedded"' }),
  host: text
    .default('127.0.0.1')
    .meta({ description: 'Address to listen on; the loopback unless told otherwise' }),
  name: z.array(text).default([]).meta({
    description:
      'A name of this host in browsers, beside localhost and its addresses; may be given several times',
  }),
  port: port.default(8080).meta({ description: 'Port of the pages (8080; 0 takes a free one)' }),
  ...brokerAccessOptions,
  ...shareOptions,
  ...brokerOptions,
  'keep-readings-days': z.coerce.number().int().min(2).max(36_500).optional().meta({
    description: 'Delete readings older than so many days (never); intervals stay for ever',
  }),
  'copy-intervals': z.enum(['on', 'again', 'off']).default('on').meta({
    description:
      'Finished intervals beside the readings in InfluxDB, for Grafana: on, again (all of them once more) or off (on)',
  }),
  simulated: flag('Every page says that values are simulated'),
  'open-as': z.enum(roleNames).optional().meta({
    description: 'What anybody on this machine may read without signing in, as which role (nobody)',
  }),
  'trusted-proxy': z.array(text).default([]).meta({
    description:
      'Address of a proxy before this server, which may say who asks and whether over HTTPS; may be given several times',
  }),
  'report-font': text.optional().meta({
    description:
      'Font file with Chinese characters for PDF reports (one of Debian’s packages, where there is one)',
  }),
  heads: text.optional().meta({
    description:
      'File in which the ends of ledgers and of the audit log are noted once a day, best on another disk ("ledger-heads.txt" in --data)',
  }),
  ...paceOptions,
  ...clockOptions,
  log: logLevel.default('info').meta({ description: 'trace, debug, info, warn, error or silent' }),
})

/** The plan beside the park file, and what postings are computed by; undefined where there is none. */
function readAccounting(
  parkFile: string,
  park: Park,
):
  | {
      readonly plan: AccountingPlan
      readonly rules: PostingRules
      readonly targets: TargetFile | undefined
    }
  | undefined {
  const file = accountingPlanBeside(parkFile)
  if (file === undefined) return undefined
  const plan = readAccountingPlan(file, park, readFactorFiles())
  const targets = targetsBeside(file)
  return {
    plan,
    rules: readPostingRules(),
    targets: targets === undefined ? undefined : readTargets(targets, plan),
  }
}

/** Broker, ingest, books and pages in one process. */
export const serve = verb('Receive, store, compute and show a park’s readings', options, async (given) => {
  const lifetime = watchLifetime()
  const log = makeLog('serve', given.log)
  const park = readParkFile(given.park)
  const folder = openDataFolder(given.data)
  const closers: (() => void | Promise<void>)[] = [() => folder.release()]
  try {
    const accounting = readAccounting(given.park, park)
    const clock = clockOf(paceOfFolder(folder, 'books.sqlite', given))
    const store = new MeasuredStore(
      await openReadingStore(given.store ?? `sqlite:${folder.file('readings.sqlite')}`, { ownThread: true }),
      clock,
    )
    closers.unshift(() => store.close())
    const books = openBooks(folder.file('books.sqlite'), park.description.timeZone)
    closers.unshift(() => {
      books.close()
    })
    const retentionParts = { store, books, park, clock, log, keepDays: given['keep-readings-days'] }
    await checkRetention(retentionParts)
    const retention = new Retention(retentionParts)
    const copying = new IntervalCopying({ store, books, clock, log, wish: given['copy-intervals'] })
    const alarms = readAlarms(given.park, park)
    const notifier =
      alarms.notify === undefined
        ? undefined
        : new Notifier({
            ...alarms.notify,
            told: { park, targets: accounting?.targets?.targets ?? [], pages: alarms.notify.pages },
            clock,
            log,
          })
    const access = new AccessBook(folder.file('access.sqlite'))
    closers.unshift(() => {
      access.close()
    })
    const embedded = given.broker === 'embedded'
    const broker = embedded
      ? await startBroker({
          host: given['mqtt-host'],
          port: given['mqtt-port'],
          park,
          log,
          access: openAccess(accessFolderIn(folder.path)),
          tls: tlsOf(given),
          readTls: () => tlsOf(given),
        })
      : undefined
    if (broker !== undefined) closers.unshift(() => broker.stop())
    const machine = watchProcess()
    closers.unshift(() => {
      machine.stop()
    })
    let worker: Worker | undefined
    let lostBatches: LostBatches | undefined
    const operations = operationsOf({
      store,
      books,
      clock,
      processMetrics: () => machine.metrics(),
      worker: () => worker,
      lostBatches: () => lostBatches?.lost,
      isStopping: () => lifetime.signal.aborted,
    })
    const reports =
      accounting === undefined
        ? undefined
        : { ...accounting.rules, plan: accounting.plan, ...readReportFiles(), books }
    const scheduled = openScheduledReports(given.park, accounting?.plan, folder.file('reports'))
    const pages = await startServer({
      host: given.host,
      port: given.port,
      names: given.name,
      park,
      store,
      books,
      clock,
      log,
      simulated: given.simulated,
      access,
      ...(given['open-as'] === undefined ? {} : { openAs: given['open-as'] }),
      operations,
      alarms: {
        rules: alarms.rules,
        settle: (conditions, nowMs) => books.settleAlarms(conditions, nowMs),
        tell: (changes) => notifier?.tell(changes),
      },
      desk: deskOf({
        books,
        store,
        park,
        clock,
        closings:
          accounting === undefined
            ? undefined
            : closingDeskOf({ books, park, plan: accounting.plan }, readClosingKeys(given.park)),
      }),
      publishConfiguration: async (message) => {
        if (worker === undefined) throw new Fault('broker-unavailable', 'The server is starting.')
        await worker.publishConfiguration(message)
      },
      commits: store,
      accounts: accounting === undefined ? undefined : { ...accounting, books, commits: store },
      reports,
      scheduled,
      oidc: openOidc(given.park, park, clock),
      trustedProxies: given['trusted-proxy'],
      reportFont: given['report-font'] === undefined ? installedFont() : { file: given['report-font'] },
      factors: { factors: readFactorFiles(), tariffs: readTariffs(given.park) },
      targets:
        reports === undefined || accounting?.targets === undefined
          ? undefined
          : { ...reports, books, targets: accounting.targets },
      electricity:
        accounting === undefined
          ? undefined
          : {
              plan: accounting.plan,
              tariffs: readTariffs(given.park),
              powerFactors: readPowerFactors(),
              contractRule: readContractedDemand(),
              loadRule: readLoadRule(),
            },
    })
    closers.unshift(() => pages.stop())
    const running = await startWorker({
      brokerUrl: broker?.ownUrl ?? given.broker,
      ...(broker === undefined
        ? { access: brokerAccessOf(given.broker, given), shareGroup: given['share-group'] }
        : { inside: broker.inside }),
      park,
      store,
      clock,
      log,
      isClockKept: clockKeeper(),
      trustsClock: given['trust-clock'],
      onState: (message) => {
        pages.noticeState(message)
      },
      // Sooner than the books follow: what was committed here is on the screens at once.
      onCommitted: (records) => {
        pages.noticeCommits(records)
      },
    })
    worker = running
    folder.describe(broker === undefined ? pages.url : `${pages.url}, ${broker.url}`)
    tellParent({
      kind: 'ready',
      url: pages.url,
      ...(pages.firstLink === undefined ? {} : { firstLink: pages.firstLink }),
      ports: broker === undefined ? {} : { mqtt: broker.port },
    })
    if (pages.firstLink !== undefined) {
      console.log(`首位管理员 first administrator (one-time link, 48 h)  ${pages.firstLink}`)
    }
    log.info({ pages: pages.url, broker: broker?.url ?? given.broker }, 'serving')
    const stopBooks = new AbortController()
    const kept = retention.run(stopBooks.signal)
    const heads = given.heads ?? folder.file('ledger-heads.txt')
    const noted = new HeadNotes({ books, audit: access.auditLog, file: heads, clock, log }).run(
      stopBooks.signal,
    )
    const copied = copying.run(stopBooks.signal)
    lostBatches = new LostBatches({
      store,
      books,
      clock,
      log,
      command: (given) => running.publishCommand(given),
    })
    const missed = lostBatches.run(stopBooks.signal)
    const watched = pages.alarms?.run(stopBooks.signal)
    const reported = pages.scheduled?.run(stopBooks.signal)
    let toldFirstValues = false
    const booksLoop = keepBooks({
      store: courteous(store),
      books,
      park,
      clock,
      log,
      signal: stopBooks.signal,
      accounting:
        accounting === undefined
          ? undefined
          : {
              ...accounting,
              threads: threadsFor({
                ...accounting,
                file: folder.file('books.sqlite'),
                park,
                factors: readFactorFiles(),
                log,
              }),
            },
      onCommits: (records) => {
        pages.noticeCommits(records)
        if (toldFirstValues) return
        toldFirstValues = true
        tellParent({ kind: 'first-values' })
      },
    })
    // The worker first: what it still commits is followed in the last round of the books.
    closers.unshift(async () => {
      await running.stop()
      stopBooks.abort()
      await kept
      await noted
      await copied
      await missed
      await watched
      await reported
      await notifier?.stop()
      await booksLoop
    })
    await Promise.race([lifetime.ended, booksLoop])
  } finally {
    for (const close of closers) await close()
  }
})
