import { setImmediate as turn } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { targetStandings } from '#accounts/targets/target-standing.ts'
import { unitsOf } from '#accounts/targets/target-view.ts'
import { Fault } from '#contract/fault.ts'
import { dayOf, SETTLE_MS, slotStart } from '#contract/grid.ts'
import type { Park } from '#contract/park.ts'
import { targetGround, type TargetSources } from '#dashboards/api/targets.ts'
import { closuresOf } from '../completeness.ts'
import { dayText } from '../overview.ts'
import type { BooksView } from '../sources.ts'
import type { ClosureFacts, TargetFacts } from './alarm-facts.ts'

/** What takes long to add up: it is gathered with other work between, and kept until it is gathered again. */

export interface SlowSources {
  readonly park: Park
  readonly books: BooksView
  /** Without targets there are none. */
  readonly targets: TargetSources | undefined
  readonly log: FastifyBaseLogger
}

/** Of the last day of the park whose slots have all settled. */
async function closureFacts({ park, books }: SlowSources, nowMs: number): Promise<ClosureFacts[]> {
  const { timeZone } = park.description
  const today = dayOf(slotStart(nowMs - SETTLE_MS), timeZone)
  const period = dayOf(today.fromMs - 1, timeZone)
  const day = dayText(period.fromMs, timeZone)
  const { lines } = await closuresOf(park, books, { month: day, period, nowMs })
  return lines.flatMap((line): ClosureFacts[] => {
    const meter = park.meters.get(line.meter)
    const { total, totalBehind, verdict, unit, tolerance } = line
    if (meter === undefined || verdict === 'incomplete' || total === null || totalBehind === null) return []
    return [
      {
        meter,
        dayMs: period.fromMs,
        unit,
        through: Number(total),
        behind: Number(totalBehind),
        tolerance: tolerance === null ? undefined : Number(tolerance),
      },
    ]
  })
}

async function targetFacts({ park, targets }: SlowSources, nowMs: number): Promise<TargetFacts[]> {
  if (targets === undefined) return []
  const found: TargetFacts[] = []
  for (const standing of targetStandings(targetGround(targets, park, nowMs), targets.targets, nowMs)) {
    await turn()
    if (standing === undefined) continue
    const { target, toDate, allowed } = standing
    found.push({
      target: target.id,
      enterprise: target.account === park.description.id ? undefined : target.account,
      toDate: Number(toDate.toFixed()),
      allowed: Number(allowed.toFixed()),
      unit: unitsOf(target).unit,
    })
  }
  return found
}

export class SlowFacts {
  readonly #sources: SlowSources
  #closures: readonly ClosureFacts[] = []
  #targets: readonly TargetFacts[] = []
  /** The day of the park on which targets were looked at. */
  #targetDay: string | undefined

  constructor(sources: SlowSources) {
    this.#sources = sources
  }

  get closures(): readonly ClosureFacts[] {
    return this.#closures
  }

  get targets(): readonly TargetFacts[] {
    return this.#targets
  }

  /**
   * Gathers both anew; targets once a day, because they change with months. What cannot be added up is logged and stays
   * as it was: it must not keep the other rules waiting.
   */
  async gather(nowMs: number): Promise<void> {
    const { park, log } = this.#sources
    try {
      this.#closures = await closureFacts(this.#sources, nowMs)
      const day = dayText(nowMs, park.description.timeZone)
      if (day === this.#targetDay) return
      this.#targets = await targetFacts(this.#sources, nowMs)
      this.#targetDay = day
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      log.error({ err: error }, 'balances and targets cannot be looked at for alarms; trying again')
    }
  }
}
