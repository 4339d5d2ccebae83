import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromBooks } from '#cli/platform-intervals.ts'
import { SLOT_MS, type Period } from '#contract/grid.ts'
import { readParkFile } from '#firmware-config/park-file.ts'
import { demoParkPath } from '#simulators/demo.test-support.ts'
import { gradablePeriod } from '#simulators/grade.ts'
import { demoPlant } from './support/demo.ts'
import { makeInstallation } from './support/installation.ts'
import { tanbiaoBeside } from './support/tanbiao.ts'
import { until } from './support/until.ts'

describe('Faster time', () => {
  it('lives through quarters of an hour in seconds, and its intervals are true', async () => {
    const installation = makeInstallation()
    try {
      const data = join(installation.folder, 'data')
      mkdirSync(data)
      const free = { port: 0, 'mqtt-port': 0, 'modbus-port': 0, 'control-port': 0 }
      const demo = installation.start('demo', 'demo', { data, ...free, speed: 60, 'history-months': 0 })
      const park = readParkFile(demoParkPath)
      const server = join(data, 'server')
      // Meters are not read at the same moments, so the period ends where the first of them was read last.
      const known = async (): Promise<Period | undefined> => {
        const books = fromBooks(join(server, 'books.sqlite'))
        const all = await Promise.all(
          [...park.meters.values()].map((meter) =>
            books.intervals(meter, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }),
          ),
        )
        books.close()
        const periods = all.map((intervals) => gradablePeriod([intervals]) ?? { fromMs: 0, toMs: 0 })
        const fromMs = Math.max(...periods.map((each) => each.fromMs))
        const toMs = Math.min(...periods.map((each) => each.toMs))
        return toMs - fromMs >= 2 * SLOT_MS ? { fromMs, toMs } : undefined
      }
      await until(() => (readdirSync(data).includes('server') ? true : undefined))
      await until(() => (readdirSync(server).includes('books.sqlite') ? true : undefined))
      const { fromMs, toMs } = await until(known, 200_000)
      await demo.stop(30_000)
      // A millisecond of real time is 60 of this park's.
      const from = new Date(fromMs).toISOString()
      const to = new Date(toMs).toISOString()
      const graded = await tanbiaoBeside(
        'grade',
        ...demoPlant,
        '--data',
        server,
        '--answer-ms',
        '6000',
        '--from',
        from,
        '--to',
        to,
      )
      expect(graded.code, graded.out).toBe(0)

      const other = await tanbiaoBeside('serve', '--park', demoParkPath, '--data', server, '--speed', '10')
      expect(other.code).toBe(2)
      expect(other.out).toContain('60 times as fast')
    } finally {
      await installation.remove()
    }
  })
})
