import { toNumber } from '#contract/amount.ts'
import type { AccountingPlan } from '#accounts/accounting-plan.ts'
import { HOUR_MS } from '#contract/duration.ts'
import { SLOT_MS, slotStart } from '#contract/grid.ts'
import type { Meter, Park } from '#contract/park.ts'
import type { LiveMeter } from '#dashboards/api/shapes.ts'
import type { Board } from '../board.ts'
import type { BooksView } from '../sources.ts'
import type { AlarmFacts, DemandFacts, GatewayFacts, MeterFacts } from './alarm-facts.ts'
import { rateUnitOf } from './meter-rules.ts'
import { SlotWindow } from './slot-window.ts'
import type { SlowFacts } from './slow-facts.ts'

/** What the rules look at, gathered from the board and the books. */

export interface FactSources {
  readonly park: Park
  readonly board: Board
  readonly books: BooksView
  readonly live: (meter: Meter) => LiveMeter
  /** Contracts of demand; without it there are none. */
  readonly plan: Pick<AccountingPlan, 'accounts'> | undefined
  readonly slow: Pick<SlowFacts, 'closures' | 'targets'>
}

/** A slot must have been measured for so long before its end is foretold. */
const DEMAND_SEEN_MS = 5 * 60_000

function gatewayFacts({ park, board, books }: FactSources, nowMs: number): GatewayFacts[] {
  const reused = new Map(books.reusedNumbers().map((each) => [each.gateway, each]))
  return [...park.gateways.values()].map(({ id, silentAfterSeconds }) => {
    const { presence, heardMs } = board.gateway(id, nowMs)
    const said = board.stateOf(id)
    return {
      id,
      presence,
      heardMs,
      silentAfterMs: silentAfterSeconds * 1_000,
      clock: board.clockOf(id),
      oldestMs: said?.journal?.oldestMs,
      reused: reused.get(id),
    }
  })
}

/** The fresh power of a meter, where its unit is that of its register an hour. */
function powerOf({ power }: LiveMeter, meter: Meter): number | undefined {
  return power?.fresh === true && power.unit === rateUnitOf(meter) ? power.value : undefined
}

function meterFacts(sources: FactSources, nowMs: number): MeterFacts[] {
  const { park, board, live } = sources
  return [...park.meters.values()].map((meter) => {
    const now = live(meter)
    const { usableMs } = board.meter(meter, nowMs)
    const factor = board.readings(meter.id).find(({ quantity }) => quantity === 'powerFactor.total')
    const isFresh =
      factor !== undefined && factor.quality !== 'bad' && nowMs - factor.atMs <= Math.max(now.limitMs, 60_000)
    return {
      meter,
      state: now.state,
      usableMs,
      power: powerOf(now, meter),
      powerFactor: isFresh && typeof factor.value === 'number' ? factor.value : undefined,
    }
  })
}

/** The mean of the slot under way, if each meter goes on as it runs now; undefined where one of them is not known. */
function projected(
  sources: FactSources,
  terms: readonly { meter: string; share: string }[],
  nowMs: number,
): number | undefined {
  const fromMs = slotStart(nowMs)
  let total = 0
  for (const { meter: id, share } of terms) {
    const meter = sources.park.meters.get(id)
    const power = meter === undefined ? undefined : powerOf(sources.live(meter), meter)
    if (meter === undefined || power === undefined) return undefined
    const [slot] = sources.books.intervals(id, meter.register, { fromMs, toMs: fromMs + SLOT_MS })
    if (slot?.state !== 'known' || slot.basis !== 'register') return undefined
    const seenMs = slot.closing.atMs - slot.opening.atMs
    if (seenMs < DEMAND_SEEN_MS) return undefined
    const unseenHours = (SLOT_MS - seenMs) / HOUR_MS
    total += Number(share) * (toNumber(slot.energy) + power * unseenHours)
  }
  return (total * HOUR_MS) / SLOT_MS
}

function demandFacts(sources: FactSources, nowMs: number): DemandFacts[] {
  return (sources.plan?.accounts ?? []).flatMap(({ account, demandContractKw, sources: energySources }) => {
    if (demandContractKw === undefined) return []
    const terms = energySources.flatMap((source) =>
      source.kind === 'electricity-purchased' ? source.measured : [],
    )
    if (terms.length === 0) return []
    const projectedKw = projected(sources, terms, nowMs)
    return { enterprise: account, contractKw: Number(demandContractKw), projectedKw }
  })
}

/** Everything that the rules look at, at this moment. */
export function factsNow(sources: FactSources, nowMs: number): AlarmFacts {
  const { park, books, slow } = sources
  return {
    nowMs,
    park: park.description.id,
    gateways: gatewayFacts(sources, nowMs),
    meters: meterFacts(sources, nowMs),
    demands: demandFacts(sources, nowMs),
    closures: slow.closures,
    targets: slow.targets,
    quarantined: books.counts().quarantined,
    slots: new SlotWindow(books, park.description.timeZone, nowMs),
  }
}
