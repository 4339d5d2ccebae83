import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/**
 * The built pages. What they name is looked for when it is asked for: pages that are built again while the server runs
 * are served at once, and the ones of before are not left half there.
 */
export async function servePages(app: FastifyInstance, folder: string): Promise<void> {
  const files = { preCompressed: true, cacheControl: false } as const
  await app.register(fastifyStatic, {
    ...files,
    root: folder,
    wildcard: false,
    globIgnore: ['**/*.br', '**/*.gz', 'assets/**'],
    // The page that names the others must be asked for again.
    setHeaders: (response) => void response.header('cache-control', 'no-cache'),
  })
  await app.register(fastifyStatic, {
    ...files,
    root: join(folder, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    // These carry a hash of their content in their names.
    setHeaders: (response) => void response.header('cache-control', 'public, max-age=31536000, immutable'),
  })
}
