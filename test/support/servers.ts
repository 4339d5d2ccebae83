import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe } from 'vitest'

/** Programs of others that the tests run against, installed by scripts/install-test-servers.sh on Debian. */
const paths = {
  mosquitto: ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'],
  influxd: ['/usr/bin/influxd', '/usr/local/bin/influxd'],
  // InfluxDB 2.x, which Debian does not have: whoever has its influxd names the file.
  TANBIAO_TEST_INFLUXD2: [process.env['TANBIAO_TEST_INFLUXD2'] ?? ''],
  // InfluxDB 3 Core: whoever has its influxdb3 names the file.
  TANBIAO_TEST_INFLUXDB3: [process.env['TANBIAO_TEST_INFLUXDB3'] ?? ''],
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser'],
  mbpoll: ['/usr/bin/mbpoll'],
  // Makes pairs of pseudo-terminals, which stand in for serial lines.
  socat: ['/usr/bin/socat'],
  // Debian's own Python: pymodbus comes as the package python3-pymodbus.
  pymodbus: ['/usr/bin/python3'],
  // Reads the workbooks that reports are written to: package python3-openpyxl.
  openpyxl: ['/usr/bin/python3'],
  // Reads PDF files: package poppler-utils.
  pdftotext: ['/usr/bin/pdftotext'],
  // A font with Chinese characters: package fonts-wqy-microhei.
  chineseFont: ['/usr/share/fonts/truetype/wqy/wqy-microhei.ttc'],
  // An SMTP server: package python3-aiosmtpd.
  aiosmtpd: ['/usr/bin/python3'],
} as const

export type Server = keyof typeof paths

function works(server: Server, path: string): boolean {
  if (!existsSync(path)) return false
  if (server !== 'pymodbus' && server !== 'openpyxl' && server !== 'aiosmtpd') return true
  try {
    const modules = server === 'pymodbus' ? 'pymodbus.server.async_io, serial_asyncio' : server
    execFileSync(path, ['-c', `import ${modules}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Path of an installed program, or undefined. */
export function findServer(server: Server): string | undefined {
  return paths[server].find((path) => works(server, path))
}

/** Path of a program that the suite was declared to need. */
export function serverPath(server: Server): string {
  const path = findServer(server)
  if (path === undefined) throw new Error(`${server} is not installed`)
  return path
}

/**
 * A suite that needs programs of others. Where one is missing the suite is skipped under a name that says so,
 * and `npm test` lists it at its end.
 */
export function describeWith(needed: readonly Server[], name: string, suite: () => void): void {
  const missing = needed.filter((server) => findServer(server) === undefined)
  describe.skipIf(missing.length > 0)(
    missing.length === 0 ? name : `${name} [needs ${missing.join(', ')}]`,
    suite,
  )
}

/** A TCP port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  })
}
