import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { epochMs } from '#contract/identity.ts'
import { reportSchedule, type ReportSchedule } from '#contract/report-schedule.ts'
import { putWhole } from './durable-file.ts'

/**
 * All schedules of reports: those of reports.yaml, which is written by hand and only read here, and those that persons
 * made on the page, which are kept in FOLDER/schedules.json.
 */

const FILE = 'schedules.json'

const kept = z.strictObject({
  schedule: reportSchedule,
  by: z.string(),
  madeAtMs: epochMs,
  /** From then on nothing is made by it; what was made stays. */
  ended: z.strictObject({ by: z.string(), atMs: epochMs }).nullable(),
})
const keptFile = z.strictObject({ v: z.literal(1), schedules: z.array(kept) })
type Kept = z.output<typeof kept>

export interface KnownSchedule {
  readonly schedule: ReportSchedule
  /** Who made it on the page; undefined for one of the file. */
  readonly by: string | undefined
}

/** Who does it, and when. */
export interface Doing {
  readonly by: string
  readonly atMs: number
}

/** What of a schedule can be changed: another period would be another schedule. */
type Changeable = Pick<ReportSchedule, 'day' | 'at' | 'reports' | 'of' | 'language' | 'mailTo'>
/** What is not named stays; null ends what was said. */
export type ScheduleChange = {
  readonly [Key in keyof Changeable]?: Changeable[Key] | null | undefined
}

/** Throws `folder-unusable` where the file cannot be read, or has a name that reports.yaml has too. */
export class ScheduleBook {
  readonly #folder: string
  readonly #given: readonly ReportSchedule[]
  #kept: readonly Kept[]

  constructor(folder: string, given: readonly ReportSchedule[]) {
    this.#folder = folder
    this.#given = given
    const file = join(folder, FILE)
    try {
      this.#kept = existsSync(file) ? keptFile.parse(JSON.parse(readFileSync(file, 'utf8'))).schedules : []
    } catch (cause) {
      throw new Fault('folder-unusable', `The schedules in ${file} cannot be read.`, {
        place: { file },
        cause,
      })
    }
    const twice = this.#kept.find(({ schedule: { id } }) => given.some((each) => each.id === id))
    if (twice !== undefined) {
      const { id } = twice.schedule
      throw new Fault(
        'folder-unusable',
        `"${id}" is a schedule of reports.yaml and was one of the page: give that of the file another id.`,
        { place: { file } },
      )
    }
  }

  /** Those by which reports are made. */
  list(): readonly KnownSchedule[] {
    return [
      ...this.#given.map((schedule) => ({ schedule, by: undefined })),
      ...this.#kept.filter(({ ended }) => ended === null).map(({ schedule, by }) => ({ schedule, by })),
    ]
  }

  /** Throws `name-taken` for a name that was given before: reports of an ended schedule stay under it. */
  add(schedule: ReportSchedule, { by, atMs }: Doing): KnownSchedule {
    const isTaken = [...this.#given, ...this.#kept.map((each) => each.schedule)].some(
      ({ id }) => id === schedule.id,
    )
    if (isTaken) {
      throw new Fault(
        'name-taken',
        `There is, or was, a schedule "${schedule.id}"; its reports stay under that name.`,
      )
    }
    this.#write([...this.#kept, { schedule, by, madeAtMs: atMs, ended: null }])
    return { schedule, by }
  }

  /** Reports that were made stay as they are. Throws `not-found`, and `request-invalid` for one of the file. */
  change(id: string, change: ScheduleChange): KnownSchedule {
    const before = this.#own(id)
    const said = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
    const merged = Object.entries({ ...before.schedule, ...said }).filter(([, value]) => value !== null)
    const schedule = reportSchedule.parse(Object.fromEntries(merged))
    this.#replace(id, { ...before, schedule })
    return { schedule, by: before.by }
  }

  /** Throws as `change` does. */
  end(id: string, ended: Doing): void {
    this.#replace(id, { ...this.#own(id), ended: { by: ended.by, atMs: ended.atMs } })
  }

  #own(id: string): Kept {
    if (this.#given.some((each) => each.id === id))
      throw new Fault('request-invalid', `"${id}" is a schedule of reports.yaml: it is changed there.`)
    const found = this.#kept.find(({ schedule, ended }) => schedule.id === id && ended === null)
    if (found === undefined) throw new Fault('not-found', `There is no schedule "${id}".`)
    return found
  }

  #replace(id: string, next: Kept): void {
    this.#write(this.#kept.map((each) => (each.schedule.id === id ? next : each)))
  }

  /** Whole or not at all, and on the disk before it counts. */
  #write(schedules: readonly Kept[]): void {
    putWhole(this.#folder, FILE, `${JSON.stringify({ v: 1, schedules }, undefined, 2)}\n`)
    this.#kept = schedules
  }
}
