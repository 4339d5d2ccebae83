import type { Writable } from 'node:stream'

/** Connections that wait for more to send. */
const held = new WeakSet<Writable>()

function send(connection: Writable): void {
  if (held.delete(connection)) connection.uncork()
}

/**
 * Has a connection send as one piece what is written to it until this turn of the event loop and the next are over: most of
 * what a small answer costs, here and at its receiver, is to be sent by itself. A broker gives each message its own turn
 * (aedes, lib/client.js), so that one turn would not do. What is much is sent at once: a connection that waits for us is
 * not to be taken for one whose other end does not read.
 */
export function answerTogether(connection: Writable): void {
  if (held.has(connection)) {
    if (connection.writableLength > connection.writableHighWaterMark / 2) send(connection)
    return
  }
  held.add(connection)
  connection.cork()
  setImmediate(() => setImmediate(() => send(connection)))
}
