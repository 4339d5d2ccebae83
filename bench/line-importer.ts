import { execFile } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { linesOf } from '#store/reading-lines.ts'
import { readingsAt } from './load.ts'

/**
 * The other yardstick of the ingest benchmark, a bare line-protocol writer that is not ours: `influx -import` of InfluxDB 1.x
 * (Debian's influxdb-client). It reads lines from a file and posts 5,000 of them at a time, one request after the other
 * (importer/v8/importer.go).
 */
export const IMPORTER = '/usr/bin/influx'
export const IMPORT_DATABASE = 'imported'

/** Writes the file to import: the points of the other paths, in order of time, each second of all gateways. */
export function writeImportFile(file: string, gateways: number, batches: number): void {
  const out = openSync(file, 'w')
  try {
    writeSync(out, `# DML\n# CONTEXT-DATABASE: ${IMPORT_DATABASE}\n# CONTEXT-RETENTION-POLICY: autogen\n`)
    for (let second = 0; second < batches; second += 1)
      for (let gateway = 0; gateway < gateways; gateway += 1)
        writeSync(out, `${linesOf(readingsAt(gateway, second)).join('\n')}\n`)
  } finally {
    closeSync(out)
  }
}

/** Resolves once InfluxDB has taken all lines of the file. Throws where it has not. */
export async function importFile(file: string, port: number): Promise<void> {
  const where = ['-host', '127.0.0.1', '-port', String(port)]
  const { stdout, stderr } = await promisify(execFile)(
    IMPORTER,
    [...where, '-import', '-path', file, '-precision', 'ns'],
    { maxBuffer: 64 * 1024 * 1024 },
  )
  if (!/Failed 0 inserts/.test(stdout + stderr)) throw new Error(`influx -import: ${stdout}${stderr}`)
}
