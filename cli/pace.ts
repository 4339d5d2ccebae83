import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import { fasterClock, SPEED_MAX, type Pace } from '#simulators/time.ts'
import type { DataFolder } from './data-folder.ts'
import { instant } from './options.ts'
import { systemClock } from './system-clock.ts'

/** Options of the verbs that can live in faster time. */
export const paceOptions = {
  speed: z.coerce
    .number()
    .min(1)
    .max(SPEED_MAX)
    .optional()
    .meta({ description: `Time runs so many times faster, for simulations only (1; at most ${SPEED_MAX})` }),
  from: instant
    .optional()
    .meta({ description: 'With --speed: what the faster clock shows at the start (now)' }),
  since: instant.optional().meta({
    description: 'With --speed: the real moment at which faster time began, the same for all processes (now)',
  }),
}

export interface GivenPace {
  readonly speed?: number | undefined
  readonly from?: number | undefined
  readonly since?: number | undefined
}

const paceFile = z.strictObject({ speed: z.number(), sinceMs: z.number(), fromMs: z.number() })

const FILE = 'pace.json'

/** The pace that the arguments ask for, or `undefined` for real time. Throws `argument-invalid`. */
export function givenPace(given: GivenPace): Pace | undefined {
  if (given.speed === undefined) {
    if (given.from === undefined && given.since === undefined) return undefined
    throw new Fault('argument-invalid', '--from and --since belong to --speed.')
  }
  const sinceMs = given.since ?? systemClock.wallMs()
  return { speed: given.speed, sinceMs, fromMs: given.from ?? sinceMs }
}

/** The clock of a pace: the machine's own for real time. */
export function clockOf(pace: Pace | undefined): Clock {
  return pace === undefined ? systemClock : fasterClock(systemClock, pace)
}

/** The pace that a data folder was begun with; `undefined` for real time. Throws `file-invalid`. */
export function keptPace(folder: string): Pace | undefined {
  const file = join(folder, FILE)
  if (!existsSync(file)) return undefined
  try {
    return paceFile.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Fault('file-invalid', 'It does not say in which time this data folder was begun.', {
      place: { file },
      cause,
    })
  }
}

/**
 * The pace of a process with a data folder, which is the one that the folder was begun with: what is stored in it
 * carries times of that pace, and those of another would lie in its future. A later start goes on with it.
 * `state` is a file or folder that is there once the data folder was used. Throws `argument-invalid` where the
 * arguments ask for another pace.
 */
export function paceOfFolder(folder: DataFolder, state: string, given: GivenPace): Pace | undefined {
  const kept = keptPace(folder.path)
  const asked = givenPace(given)
  if (kept !== undefined) {
    if (asked !== undefined && asked.speed !== kept.speed)
      throw otherPace(folder, `time ${kept.speed} times as fast`)
    return kept
  }
  if (asked === undefined) return undefined
  if (existsSync(folder.file(state))) throw otherPace(folder, 'real time')
  const file = folder.file(FILE)
  writeFileSync(`${file}.new`, JSON.stringify(asked))
  renameSync(`${file}.new`, file)
  return asked
}

function otherPace(folder: DataFolder, what: string): Fault {
  return new Fault('argument-invalid', `--speed: ${folder.path} was begun in ${what}; choose another folder.`)
}

/** A pace as arguments for another verb, so that its clock agrees with ours. */
export function paceArguments(pace: Pace | undefined): string[] {
  if (pace === undefined) return []
  const at = (ms: number): string => new Date(ms).toISOString()
  return ['--speed', String(pace.speed), '--since', at(pace.sinceMs), '--from', at(pace.fromMs)]
}
