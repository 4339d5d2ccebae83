import {
  flag,
  metricsNamed,
  one,
  processMetrics,
  prometheusText,
  type Metric,
  type Point,
  type ProcessUse,
} from '#contract/prometheus.ts'
import type { AgentReport } from './report.ts'

const METER_STATES = ['ok', 'failing', 'silent'] as const
const CONDITIONS = ['set', 'doubtful', 'unset'] as const
const SLOT_OUTCOMES = ['read', 'failed', 'missed', 'held'] as const

/** A report as metrics. */
function metricsOf(report: AgentReport): Metric[] {
  const { journal, clock, meters = [], buses = [], uplink } = report
  const { gauge, counter } = metricsNamed('tanbiao_edge_')
  return [
    gauge('info', 'The gateway and the epoch of its journal.', [
      [{ gateway: report.gateway, epoch: report.epoch ?? '' }, 1],
    ]),
    gauge('meters', 'Meters of the gateway file.', one(report.described)),
    gauge('poll_age_seconds', 'Time since a poll of any meter ended.', one(report.sincePollMs / 1_000)),
    gauge('uplink_connected', '1 while batches can be delivered.', one(flag(uplink.connected))),
    gauge(
      'uplink_state_age_seconds',
      'Time since the connection was made or lost.',
      one(uplink.forMs / 1_000),
    ),
    gauge('journal_waiting_rows', 'Rows that wait for a receipt.', one(journal?.rows)),
    gauge('journal_waiting_bytes', 'Payload of these rows.', one(journal?.bytes)),
    gauge(
      'journal_oldest_timestamp_seconds',
      'Time of the oldest reading that waits.',
      one(journal?.oldestMs === undefined ? undefined : journal.oldestMs / 1_000),
    ),
    gauge('journal_used_bytes', 'Space in use on disk.', one(journal?.usedBytes)),
    gauge('journal_quota_bytes', 'Space that may be used.', one(journal?.quotaBytes)),
    gauge(
      'journal_unwritten_readings',
      'Readings in memory that the disk refuses.',
      one(journal?.unwritten ?? 0),
    ),
    gauge(
      'journal_held_readings',
      'Readings on disk that wait for the clock to be set.',
      one(journal?.held ?? 0),
    ),
    counter('journal_lost_readings', 'Readings lost to a refusing disk.', one(journal?.lost ?? 0)),
    gauge(
      'journal_problem',
      '1 while the journal cannot be used.',
      one(flag(journal?.problem !== undefined)),
    ),
    gauge(
      'clock_condition',
      '1 for the condition that the clock is in.',
      CONDITIONS.map((condition) => [{ condition }, flag(clock?.condition === condition)]),
    ),
    counter('clock_jumps', 'Jumps of the system clock.', one(clock?.jumps)),
    gauge(
      'clock_ahead_seconds',
      'System clock against the server’s.',
      one(clock?.aheadMs === undefined ? undefined : clock.aheadMs / 1_000),
    ),
    gauge(
      'meter_state',
      '1 for the state that the meter is in.',
      meters.flatMap(({ meter, state }) =>
        METER_STATES.map((each): Point => [{ meter, state: each }, flag(state === each)]),
      ),
    ),
    gauge(
      'meter_last_good_timestamp_seconds',
      'When the meter last answered.',
      meters.map(({ meter, lastGoodMs }) => [
        { meter },
        lastGoodMs === undefined ? undefined : lastGoodMs / 1_000,
      ]),
    ),
    gauge(
      'meter_ratio_contradictions',
      'Transformer ratios set otherwise in the meter than in the gateway file.',
      meters.map(({ meter, ratios = [] }) => [{ meter }, ratios.length]),
    ),
    counter(
      'meter_slots_wanted',
      'Polls that were due.',
      meters.map(({ meter, slots }) => [{ meter }, slots?.wanted]),
    ),
    counter(
      'meter_slots',
      'What became of polls that were due.',
      meters.flatMap(({ meter, slots }) =>
        SLOT_OUTCOMES.map((outcome): Point => [{ meter, outcome }, slots?.[outcome]]),
      ),
    ),
    counter(
      'bus_requests',
      'Requests on the line.',
      buses.map(({ bus, requests }) => [{ bus }, requests]),
    ),
    counter(
      'bus_unanswered_requests',
      'Requests that nothing usable came to.',
      buses.map(({ bus, unanswered }) => [{ bus }, unanswered]),
    ),
    counter(
      'bus_busy_seconds',
      'Time with a request on the line.',
      buses.map(({ bus, busyMs }) => [{ bus }, busyMs / 1_000]),
    ),
    counter(
      'bus_observed_seconds',
      'Time in which the line was counted.',
      buses.map(({ bus, observedMs }) => [{ bus }, observedMs / 1_000]),
    ),
  ]
}

/** The Prometheus text format, version 0.0.4. What is not known has no line: missing is not zero. */
export function metricsText(report: AgentReport, use: ProcessUse): string {
  return prometheusText([...metricsOf(report), ...processMetrics(use)])
}
