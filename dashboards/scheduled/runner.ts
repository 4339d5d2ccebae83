import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { sayIn } from '#accounts/report-sheet.ts'
import { Fault } from '#contract/fault.ts'
import { WHOLE_PARK, type ReportSchedule, type ScheduledKind } from '#contract/report-schedule.ts'
import type { Channel } from '#dashboards/alarms/notify.ts'
import { xlsxOf } from '../report-content.ts'
import { reportOf, reportsOfPark, type ReportMaking } from '../report-maker.ts'
import { pdfOf, type ReportFont } from '../report-pdf.ts'
import type { MadeFile, ReportArchive } from './archive.ts'
import { duePeriods, nextDue, type DuePeriod } from './due.ts'
import type { ReportManifest } from './manifest.ts'
import type { ScheduleBook } from './schedule-book.ts'

/** Makes what is due and was not made, sends it where that was asked for, and looks again every minute. */

const LOOK_EVERY_MS = 60_000
/** A mail that could not be sent is tried again after so long … */
const MAIL_AGAIN_MS = 15 * 60_000
/** … and not after so long: nobody waits for it any more. */
const MAIL_FOR_MS = 14 * 24 * 3_600_000

/** Schedules, where their reports are kept, and what they are sent with. */
export interface ScheduledReports {
  readonly book: ScheduleBook
  readonly archive: ReportArchive
  /** Sends to these addresses; undefined where there is no server for mail. */
  readonly mailTo: ((to: readonly string[]) => Channel) | undefined
}

export interface RunnerParts extends ScheduledReports {
  readonly making: ReportMaking
  readonly font: ReportFont | undefined
  readonly log: FastifyBaseLogger
}

interface Made {
  readonly files: MadeFile[]
  readonly refused: ReportManifest['refused']
  readonly withoutPdf: string | null
}

export class ReportRunner {
  readonly #parts: RunnerParts
  readonly #mailTriedMs = new Map<string, number>()

  constructor(parts: RunnerParts) {
    this.#parts = parts
  }

  /** Accounts of a schedule: the whole park, and each account of the plan, unless it names its own. */
  #accountsOf({ of }: ReportSchedule): readonly string[] {
    const { sources } = this.#parts.making
    return of ?? [WHOLE_PARK, ...(sources?.plan.accounts.map(({ account }) => account) ?? [])]
  }

  /** When each schedule is next due. */
  next(schedule: ReportSchedule): DuePeriod {
    const { clock, park } = this.#parts.making
    return nextDue(schedule, park.description.timeZone, clock.wallMs())
  }

  /**
   * One look. How many reports were made by it. Throws what books and disk throw, when everything else has had its turn;
   * what was made stays made.
   */
  async look(signal: AbortSignal): Promise<number> {
    const failures: unknown[] = []
    const attempt = async <T>(work: () => T | Promise<T>): Promise<T | undefined> => {
      try {
        return await work()
      } catch (error) {
        failures.push(error)
        return undefined
      }
    }
    let made = 0
    for (const { schedule } of this.#parts.book.list()) {
      for (const { due, account } of (await attempt(() => this.#dueOf(schedule))) ?? []) {
        if (signal.aborted) return made
        if ((await attempt(() => this.#make(schedule, due, account))) === true) made += 1
      }
      const { mailTo } = schedule
      if (mailTo !== undefined) await attempt(() => this.#mail(schedule, mailTo, signal))
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} works failed`)
    return made
  }

  /** What of a schedule is due and was not made. */
  #dueOf(schedule: ReportSchedule): { readonly due: DuePeriod; readonly account: string }[] {
    const { archive, making } = this.#parts
    const nowMs = making.clock.wallMs()
    const sinceMs = archive.since(schedule.id, nowMs)
    return duePeriods(schedule, making.park.description.timeZone, sinceMs, nowMs).flatMap((due) =>
      this.#accountsOf(schedule)
        .filter(
          (account) => archive.find({ schedule: schedule.id, period: due.period, account }) === undefined,
        )
        .map((account) => ({ due, account })),
    )
  }

  async #make(schedule: ReportSchedule, { period, dueMs }: DuePeriod, account: string): Promise<true> {
    const { archive, making, log } = this.#parts
    const { files, refused, withoutPdf } = await this.#filesOf(schedule, period, account)
    archive.keep(
      {
        v: 1,
        schedule: schedule.id,
        period,
        account,
        language: schedule.language,
        planRevision: making.sources?.plan.revision ?? '',
        dueMs,
        madeAtMs: making.clock.wallMs(),
        refused,
        withoutPdf,
      },
      files,
    )
    log.info({ schedule: schedule.id, period, account, refused }, 'a scheduled report was made')
    return true
  }

  async #filesOf(schedule: ReportSchedule, period: string, account: string): Promise<Made> {
    const { making } = this.#parts
    const isWhole = account === WHOLE_PARK
    const files: MadeFile[] = []
    const refused: ReportManifest['refused'] = []
    let withoutPdf: string | null = null
    for (const report of schedule.reports.filter((each) => !isWhole || reportsOfPark.includes(each))) {
      await turn()
      try {
        const query = { period, language: schedule.language }
        const { sheets, view } = await reportOf(making, report, isWhole ? undefined : account, query)
        const add = (format: MadeFile['format'], content: Buffer): number =>
          files.push({ name: `${report}.${format}`, report, format, content })
        add('json', Buffer.from(`${JSON.stringify(view)}\n`))
        add('xlsx', await xlsxOf(sheets))
        const pdf = await this.#pdf(sheets, schedule)
        if (typeof pdf === 'string') withoutPdf = pdf
        else add('pdf', pdf)
      } catch (error) {
        // What may be mended by waiting is tried again; the rest is told of beside what could be made.
        if (!(error instanceof Fault) || error.retryable) throw error
        refused.push(this.#refusal(report, error))
      }
    }
    return { files, refused, withoutPdf }
  }

  #refusal(report: ScheduledKind, { code, message }: Fault): ReportManifest['refused'][number] {
    return { report, code, message }
  }

  /** The PDF, or why there is none. */
  async #pdf(sheets: Parameters<typeof pdfOf>[0], { language }: ReportSchedule): Promise<Buffer | string> {
    const { font, making } = this.#parts
    try {
      return await pdfOf(sheets, { font, say: sayIn(language), madeAtMs: making.clock.wallMs() })
    } catch (error) {
      if (error instanceof Fault && error.code === 'font-missing') return error.message
      throw error
    }
  }

  /**
   * Sends what was made of a schedule and not sent yet, each once; only a crash between sending and noting it sends a
   * second one.
   */
  async #mail(schedule: ReportSchedule, to: readonly string[], signal: AbortSignal): Promise<void> {
    const { archive, making, mailTo, log } = this.#parts
    if (mailTo === undefined) return
    const nowMs = making.clock.wallMs()
    const { name } = making.park.description
    for (const manifest of archive.list()) {
      const place = `${manifest.schedule} ${manifest.period} ${manifest.account}`
      const isWaiting = nowMs - (this.#mailTriedMs.get(place) ?? -Infinity) < MAIL_AGAIN_MS
      if (manifest.schedule !== schedule.id || nowMs - manifest.madeAtMs > MAIL_FOR_MS || isWaiting) continue
      if (archive.isMailed(manifest)) continue
      this.#mailTriedMs.set(place, nowMs)
      const account = manifest.account === WHOLE_PARK ? '' : ` ${manifest.account}`
      const subject = `${name[schedule.language]}: ${manifest.period}${account}`
      const lines = manifest.files.map(({ name: file, sha256 }) => `${file}  SHA-256 ${sha256}`)
      try {
        const attachments = manifest.files
          .filter(({ format }) => format !== 'json')
          .map((file) => ({
            filename: `${manifest.period}-${manifest.account}-${file.name}`,
            content: archive.read(manifest, file.name).content,
          }))
        await mailTo(to).send({ subject, text: `${lines.join('\n')}\n`, alarms: [], attachments }, signal)
        archive.markMailed(manifest, making.clock.wallMs())
      } catch (error) {
        if (signal.aborted) return
        log.error({ err: error, place }, 'a scheduled report could not be mailed; trying again')
      }
    }
  }

  /** Looks until the signal is aborted. What fails is tried again, and logged once. */
  async run(signal: AbortSignal): Promise<void> {
    const { making, log } = this.#parts
    let failed = false
    while (!signal.aborted) {
      try {
        await making.clock.sleep(LOOK_EVERY_MS, signal)
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      try {
        await this.look(signal)
        failed = false
      } catch (error) {
        if (!failed) log.error({ err: error }, 'scheduled reports cannot be made; trying again')
        failed = true
      }
    }
  }
}
