import type { Writable } from 'node:stream'

/**
 * Has a connection send as one piece what is written to it until this turn of the event loop and the next are over: most of
 * what a small answer costs, here and at its receiver, is to be sent by itself. A broker gives each message its own turn
 * (aedes, lib/client.js), so that one turn would not do.
 */
export function answerTogether(connection: Writable): void {
  if (connection.writableCorked > 0) return
  connection.cork()
  setImmediate(() => setImmediate(() => connection.uncork()))
}
