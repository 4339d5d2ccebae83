import { toDecimal } from '#contract/amount.ts'
import type { CommitRecord } from '#contract/commit.ts'
import type { RecordedInterval, RegisterPoint } from '#contract/interval.ts'
import type { Park } from '#contract/park.ts'
import { FUTURE_MS_MAX } from '#contract/reading.ts'
import type { ReadingStore } from '#store/port.ts'
import type { SlotRevisionTrace } from './api/trace-shapes.ts'

/** From a slot's revisions down to the readings that they rest on, and the batches of gateways that these came in. */

/** Commit records, to name the batch that a reading came in. */
export type CommitSource = Pick<ReadingStore, 'commitsSince'>

/** How long after a reading its batch is looked for among the commit records. */
const COMMIT_WITHIN_MS = 3_600_000
/** Most batches come within seconds: few records are read first, and all of the hour only where these do not have it. */
const COMMITS_READ = [200, 5_000] as const

/** The commit that brought a meter's reading of a moment; undefined where it came later than is looked for. */
async function commitOf(
  commits: CommitSource,
  meter: string,
  atMs: number,
): Promise<CommitRecord | undefined> {
  const brought = ({ touched, committedAtMs }: CommitRecord): boolean =>
    committedAtMs <= atMs + COMMIT_WITHIN_MS &&
    touched.some((each) => each.meter === meter && each.fromMs <= atMs && atMs <= each.toMs)
  for (const limit of COMMITS_READ) {
    const records = await commits.commitsSince(atMs, limit)
    const found = records.find(brought)
    if (found !== undefined) return found
    const lastMs = records.at(-1)?.committedAtMs ?? Number.POSITIVE_INFINITY
    if (records.length < limit || lastMs > atMs + COMMIT_WITHIN_MS) break
  }
  // The clock of its gateway may have been ahead of the server's, by so much as is taken.
  return (await commits.commitsSince(atMs - FUTURE_MS_MAX, Math.max(...COMMITS_READ))).find(brought)
}

type Reading = SlotRevisionTrace['readings'][number]

/** The gateway and the batch that brought a meter's reading of a moment, as far as they are known. */
export async function originOf(
  commits: CommitSource | undefined,
  park: Park,
  meter: string,
  atMs: number,
): Promise<Pick<Reading, 'gateway' | 'batch'>> {
  const found = commits === undefined ? undefined : await commitOf(commits, meter, atMs)
  const { gateway = park.meters.get(meter)?.gateway, epoch = null, seq = null, committedAtMs } = found ?? {}
  const batch =
    epoch === null || seq === null || committedAtMs === undefined ? null : { epoch, seq, committedAtMs }
  return { gateway: gateway ?? null, batch }
}

/** A moment of a register or of a power that an interval rests on. */
interface Point {
  readonly atMs: number
  readonly value: string
}

const registerPoint = ({ atMs, register }: RegisterPoint): Point => ({ atMs, value: toDecimal(register) })

/** The readings that an interval rests on by itself, in order; none where it rests on other slots or on a person. */
function pointsOf(interval: RecordedInterval): Point[] {
  if (interval.state === 'missing') return []
  if (interval.basis === 'register')
    return [interval.opening, interval.closing].flatMap(({ before, after }) => [
      registerPoint(before),
      registerPoint(after),
    ])
  if (interval.basis === 'pro-rata') return [registerPoint(interval.opening), registerPoint(interval.closing)]
  if (interval.basis === 'power')
    return [interval.first, interval.last].map(({ atMs, value }) => ({ atMs, value: String(value) }))
  if (interval.basis === 'advances')
    return [interval.first, interval.last].map(({ atMs, advance }) => ({ atMs, value: toDecimal(advance) }))
  return []
}

/** Other slots that an interval was computed from, with the very revisions. */
function inputsOf(interval: RecordedInterval): SlotRevisionTrace['inputs'] {
  const { meter, quantity, slotMs } = interval
  if ('inputs' in interval) return interval.inputs.map((input) => ({ ...input, slotMs }))
  if (interval.state === 'known' && interval.basis === 'weekday-profile')
    return interval.sources.map((source) => ({ meter, quantity, ...source }))
  return []
}

/** The formula of an interval, unless it names a meter that its viewer does not see. */
function shownFormula(interval: RecordedInterval, seen: Park): string | null {
  if (!('formula' in interval)) return null
  return interval.inputs.every(({ meter }) => seen.meters.has(meter)) ? interval.formula : null
}

/**
 * Revisions of one slot, newest first, each down to its readings.
 * @param park as its viewer sees it: a formula may reach over to meters of others
 */
export async function slotRevisions(
  commits: CommitSource | undefined,
  park: Park,
  revisions: readonly RecordedInterval[],
): Promise<SlotRevisionTrace[]> {
  const known = new Map<number, ReturnType<typeof originOf>>()
  const readingOf = async (meter: string, { atMs, value }: Point): Promise<Reading> => {
    const asked = known.get(atMs) ?? originOf(commits, park, meter, atMs)
    known.set(atMs, asked)
    return { atMs, value, ...(await asked) }
  }
  const traced: SlotRevisionTrace[] = []
  for (const interval of revisions.toReversed()) {
    const points = [...new Map(pointsOf(interval).map((point) => [point.atMs, point])).values()]
    const readings: Reading[] = []
    for (const point of points) readings.push(await readingOf(interval.meter, point))
    const { revision, state } = interval
    traced.push({
      revision,
      ...(state === 'known'
        ? {
            energy: toDecimal(interval.energy),
            method: interval.method,
            basis: interval.basis,
            coverage: interval.coverage,
            cause: null,
            formula: shownFormula(interval, park),
            entry: interval.basis === 'manual' ? interval.entry : null,
          }
        : {
            energy: null,
            method: null,
            basis: null,
            coverage: null,
            cause: interval.cause,
            formula: null,
            entry: null,
          }),
      readings,
      inputs: inputsOf(interval).filter(({ meter }) => park.meters.has(meter)),
    })
  }
  return traced
}
