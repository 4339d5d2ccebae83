import { pino, type Logger } from 'pino'

/** Structured log lines on stderr; stdout belongs to what a command prints for people. */
export function makeLog(name: string, level: string): Logger {
  return pino({ name, level, base: { name, pid: process.pid } }, pino.destination({ dest: 2, sync: true }))
}
