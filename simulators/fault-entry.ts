import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { z } from 'zod'
import { amount, type Amount } from '#contract/amount.ts'
import { Fault } from '#contract/fault.ts'
import type { RegisterMap } from '#firmware-config/profile.ts'
import { faultNatures, parametersOf, targetOf } from './fault-kinds.ts'
import type { InjectedFault } from './fault-schedule.ts'
import { shownSteps } from './register-image.ts'
import type { ValuesAt } from './served-meter.ts'
import { shownUnder } from './value-faults.ts'

/** The log of faults: what befell what, and when: the truth that quality flags and meter events are judged by. */

const faultEntry = z.strictObject({
  /** `s1`, `s2` … in the order of a schedule; `c1`, `c2` … on command. */
  id: z.string(),
  phase: z.enum(['begins', 'ends', 'happens']),
  atMs: z.int(),
  kind: z.string(),
  target: z.union([
    z.strictObject({ meter: z.string() }),
    z.strictObject({ bus: z.string() }),
    z.strictObject({ gateway: z.string() }),
  ]),
  parameters: z.record(z.string(), z.unknown()),
  /** For what touches registers: what each showed just before this instant, and what it shows from it on. */
  registers: z.record(z.string(), z.strictObject({ before: amount, after: amount })).optional(),
})

export type FaultEntry = Readonly<z.infer<typeof faultEntry>>

/** What a meter's entries are written from. */
interface ShownMeter {
  readonly map: RegisterMap
  readonly valuesAt: ValuesAt
}

/** What the cumulative registers of a meter show at an instant under some faults. */
function registersShown(
  meter: ShownMeter,
  faults: readonly InjectedFault[],
  seed: number,
  atMs: number,
): ReadonlyMap<string, Amount> {
  const values = shownUnder(faults, meter, seed)(atMs)
  return new Map(
    meter.map.registers.flatMap((register): [string, Amount][] => {
      const { quantity, resolution } = register
      const value = values(quantity)
      if (resolution === undefined || value === undefined) return []
      return [[quantity, { count: shownSteps(register, value), resolution }]]
    }),
  )
}

/**
 * The entry of a fault that begins, happens or ends. `earlier` are the meter's other value faults up to that moment;
 * the registers of a meter whose registers it touches stand in it.
 */
export function entryOf(
  fault: InjectedFault,
  phase: FaultEntry['phase'],
  seed: number,
  meter?: ShownMeter,
  earlier: readonly InjectedFault[] = [],
): FaultEntry {
  const { id, order } = fault
  const atMs = phase === 'ends' ? fault.endMs : fault.beginMs
  const target = targetOf(order)
  if (target === undefined) throw new RangeError(`the fault ${id} has no target`)
  const entry = { id, phase, atMs, kind: order.kind, target, parameters: parametersOf(order) }
  if (meter === undefined || !faultNatures[order.kind].changesValues) return entry
  // Before its end a fault without one is in force; before its begin it is not there at all.
  const before = phase === 'ends' ? [...earlier, { ...fault, endMs: Infinity }] : earlier
  const [was, is] = [before, [...earlier, fault]].map((faults) => registersShown(meter, faults, seed, atMs))
  const registers = Object.fromEntries(
    [...(was ?? [])].flatMap(([quantity, value]) => {
      const after = is?.get(quantity)
      return after === undefined ? [] : [[quantity, { before: value, after }]]
    }),
  )
  return { ...entry, registers }
}

/** An append-only file with one JSON line for each entry. */
export interface FaultLog {
  record(entry: FaultEntry): void
  /** Twice is once. */
  close(): void
}

/** Opens a fault log for appending; entries are rare and reach the file at once. Throws `folder-unusable`. */
export function openFaultLog(file: string): FaultLog {
  let handle: number | undefined
  try {
    handle = openSync(file, 'a')
  } catch (cause) {
    throw new Fault('folder-unusable', `${file} cannot be written.`, { place: { file }, cause })
  }
  return {
    record: (entry) => {
      if (handle !== undefined) writeSync(handle, `${JSON.stringify(entry)}\n`)
    },
    close: () => {
      if (handle !== undefined) closeSync(handle)
      handle = undefined
    },
  }
}

/**
 * All entries of a fault log, each once: a simulation that starts again writes what its schedule has begun already a
 * second time. Throws `file-unreadable` or `file-invalid`.
 */
export function readFaultLog(file: string): FaultEntry[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
  const entries = new Map<string, FaultEntry>()
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue
    try {
      const entry = faultEntry.parse(JSON.parse(line))
      entries.set(`${entry.id} ${entry.phase} ${entry.atMs}`, entry)
    } catch (cause) {
      throw new Fault('file-invalid', 'not a line of a fault log', {
        place: { file, line: index + 1 },
        cause,
      })
    }
  }
  return [...entries.values()]
}
