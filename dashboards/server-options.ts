import type { FastifyBaseLogger } from 'fastify'
import type { ElectricitySources } from '#accounts/account-electricity.ts'
import type { Role } from '#contract/access.ts'
import type { Clock } from '#contract/clock.ts'
import type { CommitRecord } from '#contract/commit.ts'
import type { StateMessage } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import type { AccessBook } from '#store/access-book.ts'
import type { GuardedRoute } from './access/guard.ts'
import type { OidcSignIn } from './access/oidc.ts'
import type { AccountSources } from './account-view.ts'
import type { AlarmWatch, AlarmWatchParts } from './alarms/watch.ts'
import type { FactorSources } from './api/factors.ts'
import type { PublishConfiguration } from './api/fleet.ts'
import type { Operations } from './api/operations.ts'
import type { TargetSources } from './api/targets.ts'
import type { Desk } from './desk.ts'
import type { ReportSources } from './report-ground.ts'
import type { ReportFont } from './report-pdf.ts'
import type { ReportRunner, ScheduledReports } from './scheduled/runner.ts'
import type { CommitSource } from './slot-trace.ts'
import type { BooksView, ReadingSource } from './sources.ts'

/** What the dashboards are made of, and what they give to the process that runs them. */

export interface ServerOptions {
  /** Loopback by default. */
  readonly host?: string
  /** Names of this host under which browsers may ask, beside localhost, IP addresses and `host`. */
  readonly names?: readonly string[]
  /** 0 takes a free one. */
  readonly port: number
  readonly park: Park
  readonly store: ReadingSource
  readonly books: BooksView
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Folder of the built pages; that of this repository by default. */
  readonly webFolder?: string
  /** True when the whole system runs on a simulator: every page says so. */
  readonly simulated?: boolean
  /** What bills and load figures are computed by; without an accounting plan there are none. */
  readonly electricity?:
    | Pick<ElectricitySources, 'plan' | 'tariffs' | 'powerFactors' | 'contractRule' | 'loadRule'>
    | undefined
  /** Users, sessions, tokens, and what they did. */
  readonly access: AccessBook
  /** What anybody on this machine may be without signing in; nobody unless told otherwise. */
  readonly openAs?: Role
  /** Signing in at a provider; without it people sign in here alone. */
  readonly oidc?: OidcSignIn | undefined
  /** Addresses of proxies before this server, which say who asks and whether over HTTPS. */
  readonly trustedProxies?: readonly string[]
  /** The time in which a request must have come whole; a minute by default. */
  readonly requestMsMax?: number
  /** What `/metrics` and `/readyz` answer; without it neither is there. */
  readonly operations?: Operations
  /** The rules that are looked at, where alarms are entered, and who is told of them. */
  readonly alarms?: Pick<AlarmWatchParts, 'rules' | 'settle' | 'tell'>
  /** Where persons’ decisions are written; without it nothing can be decided from the pages. */
  readonly desk?: Desk
  /** Publishes a signed configuration to its gateway; without it none can be published from here. */
  readonly publishConfiguration?: PublishConfiguration
  /** Commit records, by which the batch of a reading is named; without it none is. */
  readonly commits?: CommitSource
  /** Ledgers and what they are computed by; without an accounting plan there are none. */
  readonly accounts?: AccountSources | undefined
  /** What reports are made from; without an accounting plan there are none. */
  readonly reports?: ReportSources | undefined
  /** Reports that are made by themselves; without it there are none. */
  readonly scheduled?: ScheduledReports | undefined
  /** What PDF files are written with; without it there are none. */
  readonly reportFont?: ReportFont | undefined
  /** Factors and tariffs with their documents; without them the list is empty. */
  readonly factors?: FactorSources | undefined
  /** Targets and what they are held against; without them there are none. */
  readonly targets?: TargetSources | undefined
}

export interface Server {
  readonly url: string
  /** Tells of commit records as they are followed; telling of one twice is telling once. Never throws, never waits. */
  noticeCommits(records: readonly CommitRecord[]): void
  /** Every address, and what it asks of its viewer. */
  readonly routes: readonly GuardedRoute[]
  /** A one-time link of the first administrator, where nobody has a password yet. */
  readonly firstLink: string | undefined
  /** Looks at the rules of alarms when it is run; undefined where there are none. */
  readonly alarms: AlarmWatch | undefined
  /** Makes scheduled reports when it is run; undefined where there are none. */
  readonly scheduled: ReportRunner | undefined
  /** Tells of a gateway's state message. Never throws, never waits. */
  noticeState(message: StateMessage): void
  /** Ends live streams, lets requests under way finish, and frees the port. */
  stop(): Promise<void>
}
