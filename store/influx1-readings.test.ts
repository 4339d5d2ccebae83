import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { startInflux, type InfluxServer } from '#test/support/influx.ts'
import { describeWith } from '#test/support/servers.ts'
import { readingStoreConformance } from './conformance.ts'
import { openInflux1Readings } from './influx1-readings.ts'

describeWith(['influxd'], 'InfluxDB 1.x', () => {
  let server: InfluxServer

  beforeAll(async () => {
    server = await startInflux()
  })
  afterAll(() => server.remove())

  readingStoreConformance(
    'InfluxDB 1.x',
    async () => {
      const options = {
        url: new URL(`http://127.0.0.1:${server.port}`),
        database: `tanbiao-${randomUUID()}`,
        create: true,
      }
      const open = () => openInflux1Readings(options)
      return {
        store: await open(),
        reopen: open,
        cleanup: async () => {
          const drop = new URL(`/query?q=DROP DATABASE "${options.database}"`, options.url)
          await fetch(drop, { method: 'POST' })
        },
      }
    },
    { runs: 4 },
  )
})
