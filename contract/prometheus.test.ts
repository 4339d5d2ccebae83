import { describe, expect, it } from 'vitest'
import { Histogram, metricsNamed, one, processMetrics, prometheusText } from './prometheus.ts'

const { gauge, counter, histogram } = metricsNamed('tanbiao_')

describe('prometheusText', () => {
  it('writes help, type and a line for each value; a counter ends in _total', () => {
    const text = prometheusText([
      gauge('age_seconds', 'An age.', one(1.5)),
      counter('reads', 'Reads.', [
        [{ of: 'a"\\\n' }, 3],
        [{ of: 'b' }, 0],
      ]),
    ])
    expect(text).toBe(
      [
        '# HELP tanbiao_age_seconds An age.',
        '# TYPE tanbiao_age_seconds gauge',
        'tanbiao_age_seconds 1.5',
        '# HELP tanbiao_reads_total Reads.',
        '# TYPE tanbiao_reads_total counter',
        String.raw`tanbiao_reads_total{of="a\"\\\n"} 3`,
        'tanbiao_reads_total{of="b"} 0',
        '',
      ].join('\n'),
    )
  })

  it('says nothing of what is not known: missing is not zero', () => {
    const text = prometheusText([gauge('x', 'X.', one(undefined)), gauge('y', 'Y.', [[{ a: 'b' }, 0]])])
    expect(text).toBe('# HELP tanbiao_y Y.\n# TYPE tanbiao_y gauge\ntanbiao_y{a="b"} 0\n')
  })

  it('writes a histogram in growing buckets, with what lies beyond the last bound', () => {
    const times = new Histogram([0.1, 1])
    for (const value of [0.05, 0.1, 0.5, 7]) times.observe(value)
    expect(
      prometheusText([histogram('time_seconds', 'A time.', times)])
        .split('\n')
        .slice(1, -1),
    ).toEqual([
      '# TYPE tanbiao_time_seconds histogram',
      'tanbiao_time_seconds_bucket{le="0.1"} 2',
      'tanbiao_time_seconds_bucket{le="1"} 3',
      'tanbiao_time_seconds_bucket{le="+Inf"} 4',
      'tanbiao_time_seconds_sum 7.65',
      'tanbiao_time_seconds_count 4',
    ])
  })

  it('names what a process takes as Prometheus’ own clients do', () => {
    const text = prometheusText(processMetrics({ residentBytes: 1, cpuSeconds: 2, startedSeconds: 3 }))
    expect(text).toContain('\nprocess_resident_memory_bytes 1\n')
    expect(text).toContain('\nprocess_cpu_seconds_total 2\n')
    expect(text).toContain('\nprocess_start_time_seconds 3\n')
  })
})
