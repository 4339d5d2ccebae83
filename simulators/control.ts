import type { Clock } from '#contract/clock.ts'
import { Fault } from '#contract/fault.ts'
import type { FaultBoard } from './fault-board.ts'
import type { FaultEntry } from './fault-entry.ts'
import { faultKindList, faultOrder, parametersOf, targetOf, type FaultTarget } from './fault-kinds.ts'
import type { InjectedFault } from './fault-schedule.ts'
import type { LineLoad } from './paced-line.ts'
import type { ServedBus } from './served-bus.ts'
import type { Truth } from './truth-energy.ts'

/** A fault as people and programs see it; instants in UTC milliseconds, `null` for no end. */
export interface FaultView {
  readonly id: string
  readonly kind: string
  readonly target: FaultTarget | undefined
  readonly parameters: Readonly<Record<string, unknown>>
  readonly beginMs: number
  readonly endMs: number | null
}

export interface MeterView {
  readonly meter: string
  readonly bus: string
  readonly unit: number
  readonly profile: string
}

/** One quantity of a meter at one instant, in its canonical unit. */
export interface ValueView {
  readonly quantity: string
  /** What really is: the plant's truth. */
  readonly truth: number | null
  /** What its registers show, under the faults in force, before rounding to their steps. */
  readonly shown: number | null
}

export interface LineView extends LineLoad {
  readonly bus: string
  /** Share of the time since the simulation's start in which the line could carry nothing else. */
  readonly busyShare: number
}

/** Everything that can be done to a running simulation; the HTTP server and the prompt do no more than call it. */
export interface Control {
  meters(): MeterView[]
  kinds(): ReturnType<typeof faultKindList>
  /** Throws `request-invalid` for what is no order or does not fit. */
  inject(order: unknown): FaultView
  /** Throws `not-simulated`. */
  end(id: string): FaultView
  active(): { inForce: FaultView[]; waiting: FaultView[] }
  /** The last entries of the fault log, oldest first. */
  log(): readonly FaultEntry[]
  /** Throws `not-simulated`. */
  show(
    meter: string,
  ): MeterView & { readonly atMs: number; readonly values: ValueView[]; readonly faults: FaultView[] }
  lines(): LineView[]
  /** What really flows: every meter, unmeasured flow and enterprise, and the exact energy of any period. */
  readonly truth: Truth
}

const viewOf = ({ id, order, beginMs, endMs }: InjectedFault): FaultView => ({
  id,
  kind: order.kind,
  target: targetOf(order),
  parameters: parametersOf(order),
  beginMs,
  endMs: endMs === Infinity ? null : endMs,
})

/** The control of a running simulation. */
export function controlOf({
  buses,
  board,
  truth,
  clock,
}: {
  readonly buses: readonly ServedBus[]
  readonly board: FaultBoard
  readonly truth: Truth
  readonly clock: Clock
}): Control {
  const startedMs = clock.monotonicMs()
  const found = new Map(
    buses.flatMap((bus) => bus.meters.map((meter) => [meter.served.meter, { bus, meter }] as const)),
  )
  const meterView = (id: string): MeterView | undefined => {
    const here = found.get(id)
    if (here === undefined) return undefined
    const { unit, map } = here.meter.served
    return { meter: id, bus: here.bus.key, unit, profile: map.id }
  }
  const active = (): { inForce: FaultView[]; waiting: FaultView[] } => {
    board.advance(clock.wallMs())
    const { inForce, waiting } = board.active()
    return { inForce: inForce.map(viewOf), waiting: waiting.map(viewOf) }
  }
  return {
    truth,
    meters: () => [...found.keys()].flatMap((id) => meterView(id) ?? []),
    kinds: faultKindList,
    active,
    inject: (order) => {
      const parsed = faultOrder.safeParse(order)
      if (parsed.success) return viewOf(board.inject(parsed.data, clock.wallMs()))
      const [issue] = parsed.error.issues
      const place = { path: issue?.path.join('.') ?? '' }
      throw new Fault('request-invalid', `${place.path}: ${issue?.message ?? 'not valid'}`, { place })
    },
    end: (id) => viewOf(board.end(id, clock.wallMs())),
    log: () => board.entries(),
    show: (id) => {
      const [view, here] = [meterView(id), found.get(id)]
      if (view === undefined || here === undefined) {
        throw new Fault('not-simulated', `No meter "${id}" is simulated.`)
      }
      const atMs = clock.wallMs()
      board.advance(atMs)
      const [truth, shown] = [here.meter.served.valuesAt(atMs), here.meter.valuesAt(atMs)]
      const values = here.meter.served.map.registers.map(({ quantity }) => ({
        quantity,
        truth: truth(quantity) ?? null,
        shown: shown(quantity) ?? null,
      }))
      const befalls = ({ target }: FaultView): boolean =>
        target !== undefined &&
        ('meter' in target
          ? target.meter === id
          : 'bus' in target
            ? target.bus === here.bus.key
            : target.gateway === here.bus.gateway)
      return { ...view, atMs, values, faults: active().inForce.filter(befalls) }
    },
    lines: () =>
      buses.flatMap((bus) => {
        const load = bus.load()
        if (load === undefined) return []
        const elapsedMs = clock.monotonicMs() - startedMs
        return [{ bus: bus.key, ...load, busyShare: elapsedMs === 0 ? 0 : load.busyMs / elapsedMs }]
      }),
  }
}
