import { monitorEventLoopDelay } from 'node:perf_hooks'
import { metricsNamed, one, processMetrics, type Metric, type ProcessUse } from '#contract/prometheus.ts'

/** What this process takes of the machine. */
export function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage()
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startedSeconds: (Date.now() - process.uptime() * 1_000) / 1_000,
  }
}

const NS_PER_SECOND = 1e9
/** Coarse enough to cost nothing, fine enough to show what a person would feel. */
const LOOK_EVERY_MS = 20

/** Watches how long work waits for its turn in this process, under the names of Prometheus' client for Node. */
export function watchProcess(): { metrics(): Metric[]; stop(): void } {
  const delay = monitorEventLoopDelay({ resolution: LOOK_EVERY_MS })
  delay.enable()
  const { gauge } = metricsNamed('nodejs_')
  return {
    metrics: () => {
      const { heapUsed, external } = process.memoryUsage()
      // Before the first look there is nothing to say.
      const seconds = (ns: number): number | undefined =>
        delay.count === 0 ? undefined : Math.max(0, ns / NS_PER_SECOND - LOOK_EVERY_MS / 1_000)
      const measured = [
        gauge('heap_size_used_bytes', 'Memory of live and not yet collected objects.', one(heapUsed)),
        gauge('external_memory_bytes', 'Memory of buffers.', one(external)),
        gauge(
          'eventloop_lag_p50_seconds',
          'How long work waited for its turn since the scrape before, median.',
          one(seconds(delay.percentile(50))),
        ),
        gauge('eventloop_lag_p99_seconds', 'The same, 99 of 100.', one(seconds(delay.percentile(99)))),
        gauge('eventloop_lag_max_seconds', 'The same, longest.', one(seconds(delay.max))),
      ]
      delay.reset()
      return [...processMetrics(processUse()), ...measured]
    },
    stop: () => {
      delay.disable()
    },
  }
}
