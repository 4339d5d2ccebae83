import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { GapRecord } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import type { GatewayFile } from '#firmware-config/gateway.ts'

/** What explains a difference between the platform and the truth: gap records, and the log of injected faults. */
export interface Reason extends Period {
  /** Meters that it can have touched. */
  readonly meters: ReadonlySet<string>
  /** For people, e.g. `fault s3 cable-cut` or `gap quota of gateway-east`. */
  readonly text: string
}

/** A line of a fault log as far as grading needs it; whatever else stands in it is left alone. */
const faultLine = z.object({
  id: z.string(),
  phase: z.string(),
  atMs: z.int(),
  kind: z.string(),
  target: z.object({
    meter: z.string().optional(),
    /** `gateway/bus` */
    bus: z.string().optional(),
    gateway: z.string().optional(),
  }),
})
type FaultLine = z.infer<typeof faultLine>

function faultLines(file: string): FaultLine[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return faultLine.parse(JSON.parse(line))
    } catch (cause) {
      const place = { file, line: index + 1 }
      throw new Fault('file-invalid', 'not a line of a fault log', { place, cause })
    }
  })
}

function metersOf(target: FaultLine['target'], gateways: readonly GatewayFile[]): ReadonlySet<string> {
  if (target.meter !== undefined) return new Set([target.meter])
  const buses = gateways.flatMap(({ gateway, buses }) => buses.map((bus) => ({ gateway, bus })))
  return new Set(
    buses
      .filter(({ gateway, bus }) => target.gateway === gateway || target.bus === `${gateway}/${bus.id}`)
      .flatMap(({ bus }) => bus.meters.map(({ meter }) => meter)),
  )
}

/**
 * The faults of a log as reasons: from where one begins to where it ends, for ever where it does not; one that just
 * happens, at its instant. Throws `file-unreadable` or `file-invalid`.
 */
export function faultReasons(file: string, gateways: readonly GatewayFile[]): Reason[] {
  const lines = faultLines(file)
  const endMs = new Map(
    lines.filter(({ phase }) => phase === 'ends').map(({ id, atMs }) => [id, atMs] as const),
  )
  return lines
    .filter(({ phase }) => phase !== 'ends')
    .map(({ id, phase, atMs, kind, target }) => ({
      fromMs: atMs,
      toMs: phase === 'begins' ? (endMs.get(id) ?? Infinity) : atMs,
      meters: metersOf(target, gateways),
      text: `fault ${id} ${kind}`,
    }))
}

/** What gateways have declared lost, as reasons for all their meters. */
export function gapReasons(gaps: readonly GapRecord[], park: Park): Reason[] {
  return gaps.map(({ gateway, cause, fromMs, toMs }) => {
    const meters = [...park.meters.values()].filter((meter) => meter.gateway === gateway)
    return { fromMs, toMs, meters: new Set(meters.map(({ id }) => id)), text: `gap ${cause} of ${gateway}` }
  })
}

/** The reasons that touch a meter in any slot of a stretch. */
export function reasonsFor(reasons: readonly Reason[], meter: string, { fromMs, toMs }: Period): string[] {
  const firstMs = slotStart(fromMs)
  const lastMs = slotStart(toMs - 1) + SLOT_MS
  return reasons
    .filter((reason) => reason.meters.has(meter) && reason.fromMs <= lastMs && reason.toMs >= firstMs)
    .map(({ text }) => text)
}
