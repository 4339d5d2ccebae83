import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { BooksView } from '../sources.ts'
import { quality } from './shapes.ts'

/** Entries of each kind in one answer. */
const ENTRIES_MAX = 200

/** /api/quality: what has not arrived, what is gone, and what was refused. */
export function qualityApi(app: FastifyInstance, books: BooksView): void {
  const api = app.withTypeProvider<ZodTypeProvider>()
  api.get('/api/quality', { schema: { response: { 200: quality } } }, () => ({
    holes: books.holes().slice(0, ENTRIES_MAX),
    gaps: books
      .gaps()
      .slice(-ENTRIES_MAX)
      .map(({ record, committedAtMs }) => ({ record, committedAtMs })),
    quarantine: [...books.quarantine(ENTRIES_MAX)],
    quarantineOverflow: [...books.quarantineOverflow()],
    gapEntries: [...books.gapEntries(ENTRIES_MAX)],
  }))
}
