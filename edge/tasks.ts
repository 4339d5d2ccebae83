import { Fault } from '#contract/fault.ts'
import { SLOT_MS } from '#contract/grid.ts'
import type { MeterLine } from '#firmware-config/gateway.ts'
import type { MappedRegister, RegisterMap } from '#firmware-config/profile.ts'
import { plan } from './plan.ts'

/** Values of one meter that are read together, in one rhythm. */
export interface ReadingTask {
  readonly everyMs: number
  readonly registers: readonly MappedRegister[]
  /** May wait while the line has too little time: slow quantities that no energy is computed from. */
  readonly sheddable: boolean
}

/** True for a register that energy is computed from. */
export const isCumulative = (register: MappedRegister): boolean => register.resolution !== undefined

/**
 * What is to be read of a meter: its quantities by poll interval, and, where an interval does not meet every quarter of
 * an hour, its cumulative registers at the quarters besides, so that the boundaries of statistics are read, not guessed.
 *
 * Throws `file-invalid` for quantities that the profile does not have, or that its limits do not let anyone read.
 */
export function tasksOf(line: MeterLine, map: RegisterMap): ReadingTask[] {
  const registers = registersFor(line, map)
  // Whatever falls due together can be planned where all of it can.
  plan(registers, map.limits)
  const everyOf = new Map(
    line.rates.flatMap(({ everySeconds, quantities }) =>
      quantities.map((quantity) => [quantity, everySeconds] as const),
    ),
  )
  const rhythms = Map.groupBy(registers, ({ quantity }) =>
    Math.round((everyOf.get(quantity) ?? line.everySeconds) * 1_000),
  )
  const fastestMs = Math.min(...rhythms.keys())
  const tasks: ReadingTask[] = []
  const add = (everyMs: number, of: readonly MappedRegister[], sheddable: boolean): void => {
    if (of.length > 0) tasks.push({ everyMs, registers: of, sheddable })
  }
  for (const [everyMs, of] of rhythms) {
    const cumulative = of.filter(isCumulative)
    if (everyMs === fastestMs) add(everyMs, of, false)
    else {
      add(everyMs, cumulative, false)
      add(
        everyMs,
        of.filter((register) => !isCumulative(register)),
        true,
      )
    }
    if (SLOT_MS % everyMs !== 0) add(SLOT_MS, cumulative, false)
  }
  return tasks
}

function registersFor({ meter, quantities, rates }: MeterLine, map: RegisterMap): readonly MappedRegister[] {
  const offered = new Set(map.registers.map(({ quantity }) => quantity))
  const named = [...(quantities ?? []), ...rates.flatMap((rate) => rate.quantities)]
  const missing = named.filter((name) => !offered.has(name))
  if (missing.length > 0) {
    throw new Fault('file-invalid', `Profile ${map.id} of meter ${meter} has no ${missing.join(', ')}.`)
  }
  return quantities === undefined
    ? map.registers
    : map.registers.filter(({ quantity }) => quantities.includes(quantity))
}
