import type { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import type { PublishedConfiguration } from '../fleet-port.ts'

const rows = z.array(
  z
    .object({
      gateway: z.string(),
      version: z.number(),
      digest: z.string(),
      at_ms: z.number(),
      by: z.string(),
    })
    .transform(({ at_ms: atMs, ...rest }) => ({ ...rest, atMs })),
)

/** What was published for gateways. Every function that writes belongs into a transaction of the caller. */
export function openPublishedConfigurations(database: DatabaseSync) {
  const all = database.prepare('SELECT * FROM published_configuration ORDER BY gateway')
  const put = database.prepare('INSERT OR REPLACE INTO published_configuration VALUES (?, ?, ?, ?, ?)')
  return {
    list: (): PublishedConfiguration[] => rows.parse(all.all()),
    keep: ({ gateway, version, digest, atMs, by }: PublishedConfiguration): void => {
      put.run(gateway, version, digest, atMs, by)
    },
  }
}
