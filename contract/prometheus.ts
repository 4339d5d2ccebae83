/**
 * Figures in the Prometheus text format, version 0.0.4, in base units as Prometheus wants them: seconds, bytes.
 * Source: prometheus.io, "Exposition formats", text-based format.
 */

export type Labels = Readonly<Record<string, string>>

/** Labels and a value; the suffix is that of a histogram's parts. What is not known has no value, and no line. */
export type Point = readonly [
  labels: Labels,
  value: number | undefined,
  suffix?: '_bucket' | '_sum' | '_count',
]

export interface Metric {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  readonly points: readonly Point[]
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Makers of metrics whose names begin alike. A counter's name ends in `_total`. */
export function metricsNamed(prefix: string) {
  const gauge = (name: string, help: string, points: readonly Point[]): Metric => ({
    name: `${prefix}${name}`,
    type: 'gauge',
    help,
    points,
  })
  return {
    gauge,
    counter: (name: string, help: string, points: readonly Point[]): Metric => ({
      ...gauge(`${name}_total`, help, points),
      type: 'counter',
    }),
    histogram: (name: string, help: string, of: Histogram): Metric => ({
      ...gauge(name, help, of.points()),
      type: 'histogram',
    }),
  }
}

/** The one point of a metric without labels. */
export const one = (value: number | undefined): Point[] => [[{}, value]]

export const flag = (is: boolean): number => (is ? 1 : 0)

/** Counts observations by upper bounds; what lies beyond the last bound is counted without one. */
export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  /** @param bounds ascending */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    const place = this.#bounds.findIndex((bound) => value <= bound)
    const index = place < 0 ? this.#bounds.length : place
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#sum += value
  }

  points(): Point[] {
    let total = 0
    const buckets = this.#counts.map((count, index): Point => {
      total += count
      return [{ le: index < this.#bounds.length ? String(this.#bounds[index]) : '+Inf' }, total, '_bucket']
    })
    return [...buckets, [{}, this.#sum, '_sum'], [{}, total, '_count']]
  }
}

const escaped = (label: string): string =>
  label
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`)

function pointText(name: string, [labels, value, suffix]: Point): string {
  const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${suffix ?? ''}${inner.length === 0 ? '' : `{${inner.join(',')}}`} ${value}`
}

/** The text that a scraper reads. What is not known has no line: missing is not zero. */
export function prometheusText(metrics: readonly Metric[]): string {
  const blocks = metrics.flatMap(({ name, type, help, points }) => {
    const known = points.filter(([, value]) => value !== undefined)
    if (known.length === 0) return []
    const lines = known.map((point) => pointText(name, point))
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines]
  })
  return `${blocks.join('\n')}\n`
}

/** What a process takes of the machine. */
export interface ProcessUse {
  readonly residentBytes: number
  readonly cpuSeconds: number
  readonly startedSeconds: number
}

/** The same under the names that Prometheus' own clients use. */
export function processMetrics({ residentBytes, cpuSeconds, startedSeconds }: ProcessUse): Metric[] {
  const { gauge, counter } = metricsNamed('process_')
  return [
    gauge('resident_memory_bytes', 'Resident memory.', one(residentBytes)),
    counter('cpu_seconds', 'Processor time, user and system.', one(cpuSeconds)),
    gauge('start_time_seconds', 'Start of the process since 1970.', one(startedSeconds)),
  ]
}
