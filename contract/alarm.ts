import { z } from 'zod'
import { carrierNames } from './carriers.ts'
import { identifier, type LocalName } from './identity.ts'

/**
 * Alarms: rules that are data, and what they found. A rule holds of a subject (a gateway, a meter, an enterprise, the
 * server) or not; an alarm is the stretch of time for which it held, kept in the books.
 */

export const alarmKinds = {
  'gateway-offline': { zh: '网关离线', en: 'Gateway off line' },
  'meter-silent': { zh: '仪表无数据', en: 'Meter silent' },
  'register-stuck': { zh: '表码停走', en: 'Register stuck' },
  demand: { zh: '需量将超限', en: 'Demand about to be exceeded' },
  'target-pace': { zh: '超出目标进度', en: 'Ahead of target pace' },
  'balance-difference': { zh: '计量平衡差异', en: 'Balance difference' },
  'power-factor': { zh: '功率因数偏低', en: 'Low power factor' },
  'night-consumption': { zh: '夜间用量异常', en: 'Unusual use at night' },
  leak: { zh: '停产时段有流量', en: 'Flow at standstill' },
  'journal-backlog': { zh: '网关数据积压', en: 'Journal backlog' },
  'journal-reused': { zh: '网关批次重号', en: 'Batch numbers used twice' },
  'clock-offset': { zh: '网关时钟偏差', en: 'Gateway clock off' },
  quarantine: { zh: '隔离数据待处理', en: 'Quarantine waits' },
} as const satisfies Record<string, LocalName>
export type AlarmKind = keyof typeof alarmKinds
export const alarmKindNames = Object.keys(alarmKinds).filter((kind): kind is AlarmKind => kind in alarmKinds)

export const severities = ['warning', 'critical'] as const
export type Severity = (typeof severities)[number]

const common = {
  id: identifier.meta({ description: 'Name of the rule; alarms keep it' }),
  severity: z.enum(severities).default('warning'),
  only: z.array(identifier).min(1).optional().meta({
    description: 'Only of these gateways, meters, enterprises or targets; of all where it is left out',
  }),
}
const share = z.number().positive().max(10)
const clockTime = z.string().regex(/^([01]\d|2[0-3]):(00|15|30|45)$/, 'a quarter of an hour, e.g. "01:15"')
/** A stretch of each day on the wall; over midnight where `from` is later than `to`. */
const hours = { from: clockTime, to: clockTime }

export const alarmRule = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('gateway-offline'),
    afterSeconds: z
      .number()
      .min(0)
      .default(60)
      .meta({ description: 'Silent for so long beyond its own limit' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('meter-silent'),
    afterSeconds: z.number().min(0).default(300).meta({
      description: 'Without a usable reading for so long, while its gateway is on line',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('register-stuck'),
    slots: z
      .int()
      .min(2)
      .max(96)
      .default(8)
      .meta({ description: 'So many slots in a row without any advance' }),
    powerShare: share.max(1).default(0.02).meta({
      description: 'While its power is at least this share of its rating: a machine at rest is not stuck',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('demand'),
    share: share
      .default(0.95)
      .meta({ description: 'Of the contracted demand, by the end of the slot under way' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('target-pace'),
    over: z.number().min(0.5).max(2).default(1).meta({
      description:
        'Times what the usual course of the year (months of the year before, else days) allows of the limit by the last month that is over; of an intensity, times its limit',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('balance-difference'),
    overShare: share.max(1).default(0.01).meta({
      description:
        'Of the last whole day: measured behind a meter more than flowed through it by this share, beyond what the accuracy classes explain',
    }),
    lossShare: share.max(1).optional().meta({
      description:
        'And less by this share; only where all that flows through is measured behind, named with "only"',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('power-factor'),
    below: z.number().positive().max(1),
    powerShare: share
      .max(1)
      .default(0.1)
      .meta({ description: 'While its power is at least this share of its rating' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('night-consumption'),
    ...hours,
    factor: z.number().min(1).max(100).meta({
      description: 'Times the median of the same slots of the last seven days, four of them known at least',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('leak'),
    carriers: z.array(z.enum(carrierNames)).min(1),
    ...hours,
    ratingShare: share.max(1).meta({
      description: 'The least flow of the standstill is above this share of the meter’s rating',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('journal-backlog'),
    olderThanMinutes: z.number().positive().default(15),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('journal-reused').meta({
      description:
        'Batches with other contents came under numbers that were used: an old copy of the gateway’s journal was put back, or it exists twice',
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('clock-offset'),
    overSeconds: z
      .number()
      .positive()
      .default(5)
      .meta({ description: 'Or a clock that is doubtful or not set' }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('quarantine'),
    entries: z.int().min(1).default(1).meta({ description: 'So many entries that nobody has decided on' }),
  }),
])
export type AlarmRule = z.output<typeof alarmRule>

/** A server that takes mail, and as whom it is sent. */
export const smtp = z.strictObject({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(587),
  security: z.enum(['tls', 'starttls', 'none']).default('starttls').meta({
    description: 'tls: from the first byte (port 465). none: only for a relay on this machine',
  }),
  from: z.email(),
  credentialsFile: z.string().min(1).optional().meta({
    description: 'YAML file with username and password',
  }),
})

const notifications = z.strictObject({
  severity: z.enum(severities).default('warning').meta({ description: 'From this severity on' }),
  language: z.enum(['zh', 'en']).default('zh'),
  pages: z
    .url({ protocol: /^https?$/ })
    .optional()
    .meta({
      description: 'Address of the pages as people open them: what is told then links to them',
    }),
  webhooks: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }),
        secretFile: z.string().min(1).optional().meta({
          description:
            'File with a secret: the body is signed with it (HMAC-SHA-256, header x-tanbiao-signature)',
        }),
      }),
    )
    .default([]),
  mail: z.strictObject({ ...smtp.shape, to: z.array(z.email()).min(1) }).optional(),
})
export type Notifications = z.output<typeof notifications>

/** alarms.yaml, beside the park file. */
export const alarmsFile = z.strictObject({
  rules: z
    .array(alarmRule)
    .refine((rules) => new Set(rules.map(({ id }) => id)).size === rules.length, 'two rules have one id'),
  notify: notifications.optional(),
})
export type AlarmsFile = z.output<typeof alarmsFile>

export const subjectKinds = ['gateway', 'meter', 'enterprise', 'target', 'server'] as const
/** Of what a rule holds; the server's id is its park's. */
export interface AlarmSubject {
  readonly kind: (typeof subjectKinds)[number]
  readonly id: string
}

/** What was seen: a value beside its limit, and since when. */
export const alarmDetail = z.strictObject({
  value: z.number().optional(),
  limit: z.number().optional(),
  unit: z.string().optional(),
  sinceMs: z.number().optional(),
})
export type AlarmDetail = z.output<typeof alarmDetail>

/** A rule that holds now. */
export interface AlarmCondition {
  readonly rule: string
  readonly kind: AlarmKind
  readonly severity: Severity
  readonly subject: AlarmSubject
  /** Whose it is; undefined concerns the park. */
  readonly enterprise: string | undefined
  readonly detail: AlarmDetail
}

/** An alarm as the books keep it. */
export interface Alarm extends AlarmCondition {
  readonly id: number
  readonly begunMs: number
  /** Undefined while it holds. */
  readonly endedMs: number | undefined
  readonly acknowledged: { readonly by: string; readonly atMs: number } | undefined
}
