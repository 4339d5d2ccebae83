import { z } from 'zod'
import { identifier } from '#contract/identity.ts'
import { quantityName } from '#contract/quantities.ts'

/**
 * What can go wrong with a simulated meter, bus or gateway: the kinds, their parameters, and what each may befall.
 * Wire faults change whether and how a reply comes; value faults change what registers show; never what really flowed.
 */

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** "90s", "15m", "2h", "1d" as milliseconds. */
function durationMs(text: string): number {
  const [, amount = '', unit = ''] = DURATION.exec(text) ?? []
  return Math.round(Number(amount) * (UNIT_MS[unit] ?? Number.NaN))
}

const duration = z
  .string()
  .regex(DURATION, 'a duration such as "90s", "15m", "2h" or "1d"')
  .transform(durationMs)

const instant = z.union([
  z.iso.datetime({ offset: true }).transform((text) => Temporal.Instant.from(text).epochMilliseconds),
  z
    .string()
    .regex(/^\+/, 'an instant with offset, or "+15m" after the start')
    .transform((text) => text.slice(1))
    .pipe(duration)
    .transform((afterStartMs) => ({ afterStartMs })),
])

const share = z.number().gt(0).max(1)
const quantities = z.array(quantityName).min(1).optional()

/** Where and when; exactly one of the three is given. */
const circumstances = {
  meter: identifier.optional().meta({ description: 'Id of the meter' }),
  bus: z
    .string()
    .regex(/^[^/]+\/[^/]+$/, 'gateway and bus, such as "gateway-east/east"')
    .optional()
    .meta({ description: 'Gateway and bus, e.g. "gateway-east/east"' }),
  gateway: identifier.optional().meta({ description: 'Id of the gateway' }),
  at: instant.optional().meta({ description: 'When it begins; at once (or at the start) unless given' }),
  for: duration.optional().meta({ description: 'How long it lasts; for ever unless given' }),
}

function kind<K extends string, S extends z.ZodRawShape>(name: K, description: string, parameters: S) {
  return z.strictObject({ kind: z.literal(name), ...circumstances, ...parameters }).meta({ description })
}

export const faultOrder = z.discriminatedUnion('kind', [
  kind('dead', 'No reply at all.', {}),
  kind('slow', 'Replies come later.', { delayMs: z.int().min(1).max(600_000) }),
  kind('intermittent', 'Some requests get no reply.', { share: share.default(0.3) }),
  kind('wrong-crc', 'Replies are spoiled; a Modbus TCP gateway drops them and answers 0B.', {
    share: share.default(1),
  }),
  kind('late-reply', 'Each reply comes only when the next request is there.', {}),
  kind('exception', 'Every request is answered with an exception.', {
    code: z.int().min(1).max(255).default(4),
  }),
  kind('stuck', 'Values stay what they were when it began.', { quantities }),
  kind('spike', 'Values are multiplied now and then.', {
    factor: z.number(),
    share: share.default(1),
    quantities,
  }),
  kind('noise', 'States jitter by up to a share of themselves.', { share: share.default(0.05), quantities }),
  kind('clock-drift', 'The clock behind demand and tariff registers runs wrong.', {
    secondsPerDay: z.number().default(0),
    offsetSeconds: z.number().default(0),
  }),
  kind('rollover', 'Registers are set just before their wrap value, then start again from zero.', {
    quantities,
    wrapsAt: z.number().positive().optional().meta({
      description: 'In the canonical unit; the capacity of the register unless given',
    }),
    remaining: z.number().min(0).default(1).meta({ description: 'What may still flow before the wrap' }),
  }),
  kind('reset', 'Registers are set to a value on site.', { quantities, to: z.number().min(0).default(0) }),
  kind('replacement', 'Another meter is put in its place.', { initial: z.number().min(0).default(0) }),
  kind(
    'ct-ratio',
    'Current transformers of another ratio are put in: what follows from the current is shown times the factor.',
    {
      factor: z.number().positive(),
      register: z.enum(['changed', 'kept']).default('changed').meta({
        description:
          'Whether the ratio is set anew in the meter, where a register holds it: the ratio of before divided by the factor',
      }),
    },
  ),
  kind('swapped-ct', 'Current transformers are turned round: their power counts backwards.', {
    phases: z
      .array(z.enum(['l1', 'l2', 'l3']))
      .min(1)
      .default(['l1', 'l2', 'l3']),
  }),
  kind('power-cut', 'The gateway is without power: its connections are gone and new ones are reset.', {}),
  kind('cable-cut', 'Connections stay open, and nothing comes through.', {}),
])

export type FaultOrder = z.output<typeof faultOrder>
export type FaultKind = FaultOrder['kind']
export type FaultOf<K extends FaultKind> = Extract<FaultOrder, { kind: K }>

type TargetKind = 'meter' | 'bus' | 'gateway'

/** What a kind may befall, and whether it lasts or happens once and stays. */
interface FaultNature {
  readonly targets: readonly TargetKind[]
  /** True where registers are changed once: nothing that could end. */
  readonly once: boolean
  /** True for what changes values; the others change the wire. */
  readonly changesValues: boolean
  /** True where registers stay otherwise when it has ended. */
  readonly leavesMark: boolean
}

const passing = { once: false, leavesMark: false }
const wire: FaultNature = { ...passing, targets: ['meter', 'bus', 'gateway'], changesValues: false }
const shown: FaultNature = { ...passing, targets: ['meter'], changesValues: true }

export const faultNatures: Readonly<Record<FaultKind, FaultNature>> = {
  dead: wire,
  slow: wire,
  intermittent: wire,
  'wrong-crc': wire,
  'late-reply': wire,
  exception: wire,
  stuck: shown,
  spike: shown,
  noise: shown,
  'clock-drift': shown,
  rollover: { ...shown, once: true, leavesMark: true },
  reset: { ...shown, once: true, leavesMark: true },
  replacement: { ...shown, once: true, leavesMark: true },
  'ct-ratio': { ...shown, leavesMark: true },
  'swapped-ct': { ...shown, leavesMark: true },
  'power-cut': { ...wire, targets: ['gateway'] },
  'cable-cut': { ...wire, targets: ['bus', 'gateway'] },
}

export type FaultTarget = { readonly meter: string } | { readonly bus: string } | { readonly gateway: string }

/** What an order names; `undefined` unless it is exactly one thing. */
export function targetOf({ meter, bus, gateway }: FaultOrder): FaultTarget | undefined {
  const named = [
    ...(meter === undefined ? [] : [{ meter }]),
    ...(bus === undefined ? [] : [{ bus }]),
    ...(gateway === undefined ? [] : [{ gateway }]),
  ]
  return named.length === 1 ? named[0] : undefined
}

/** The parameters of an order alone. */
export function parametersOf(order: FaultOrder): Readonly<Record<string, unknown>> {
  const {
    kind: _kind,
    meter: _meter,
    bus: _bus,
    gateway: _gateway,
    at: _at,
    for: _for,
    ...parameters
  } = order
  return parameters
}

/** Kinds with their words and targets, for people. */
export function faultKindList(): {
  kind: FaultKind
  description: string
  targets: readonly TargetKind[]
  parameters: string[]
}[] {
  return faultOrder.options.map((option) => {
    const name = option.shape.kind.value
    return {
      kind: name,
      description: option.meta()?.description ?? '',
      targets: faultNatures[name].targets,
      parameters: Object.keys(option.shape).filter((key) => key !== 'kind' && !(key in circumstances)),
    }
  })
}
