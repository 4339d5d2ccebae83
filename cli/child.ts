import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { Fault, faultTable, type FaultCode } from '#contract/fault.ts'
import { compiledFolder } from './compiled.ts'

/** As a path of the file system: in a URL a space or a Chinese character is a code. */
const command = fileURLToPath(new URL('tanbiao.ts', import.meta.url))

const faultCode = z.enum(Object.keys(faultTable).filter((code): code is FaultCode => code in faultTable))

/** What a verb tells the process that started it, over the IPC channel. */
export const childMessage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('ready'),
    url: z.string(),
    ports: z.record(z.string(), z.int()).default({}),
    /** Serial devices that gateways open, by bus. */
    paths: z.record(z.string(), z.string()).default({}),
    /** Where a simulation takes faults on command. */
    controlUrl: z.string().optional(),
    /** Where the first administrator chooses a password. */
    firstLink: z.string().optional(),
  }),
  /** A simulated power cut: whoever runs the gateway may stop and start it. */
  z.object({ kind: z.literal('gateway-power'), gateway: z.string(), on: z.boolean() }),
  z.object({ kind: z.literal('first-values') }),
  z.object({ kind: z.literal('finished') }),
  z.object({ kind: z.literal('progress'), done: z.number(), total: z.number() }),
  z.object({ kind: z.literal('fault'), code: faultCode, what: z.string() }),
])
export type ChildMessage = z.infer<typeof childMessage>

/** Tells the process that started this one; does nothing when it was started by hand. */
export function tellParent(message: z.input<typeof childMessage>): void {
  process.send?.(message)
}

/** Ends the channel to the process that started this one: while it is open, this process cannot end by itself. */
export function leaveParent(): void {
  if (process.connected) process.disconnect?.()
}

export interface Child {
  readonly name: string
  /** `undefined` where it could not be started. */
  readonly pid: number | undefined
  /** The first message of this kind; rejects with `process-ended` when the process ends before it. */
  told<K extends ChildMessage['kind']>(kind: K): Promise<Extract<ChildMessage, { kind: K }>>
  /** Calls with every message of this kind from now on. */
  heard<K extends ChildMessage['kind']>(
    kind: K,
    listener: (message: Extract<ChildMessage, { kind: K }>) => void,
  ): void
  /** Resolves with what happened when the process is gone. */
  readonly ended: Promise<string>
  /** Lets every other process of the machine go first. */
  giveWay(): void
  /** Ends it at once, as a power cut would. */
  kill(): void
  /** Asks it to stop, and ends it if it does not within `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

/** A log beyond this is moved aside when the process starts again, so that two files bound the disk that logs take. */
const LOG_BYTES_MAX = 8 * 1024 * 1024
const STOP_GRACE_MS = 8_000

function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
  return openSync(file, 'a')
}

/** Starts `tanbiao VERB …` as a process of its own, its log appended to a file. */
export function startChild(
  name: string,
  args: readonly string[],
  logFile: string,
  env: Readonly<Record<string, string>> = {},
): Child {
  const log = openLog(logFile)
  const process_ = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', command, ...args],
    // Detached: Ctrl-C in the terminal reaches only the process that knows in which order to stop.
    {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
      env: { ...process.env, NODE_COMPILE_CACHE: compiledFolder, ...env },
    },
  )
  closeSync(log)
  const ended = new Promise<string>((resolve) => {
    process_.once('error', (error) => {
      resolve(error.message)
    })
    process_.once('exit', (code, signal) => {
      resolve(signal === null ? `exit code ${code}` : signal)
    })
  })
  const told = listen(process_, name, ended, logFile)
  return {
    name,
    pid: process_.pid,
    told,
    heard: (kind, listener) => {
      process_.on('message', (text) => {
        const message = childMessage.parse(text)
        if (isKind(message, kind)) listener(message)
      })
    },
    ended,
    giveWay: () => {
      if (process_.pid !== undefined) setPriority(process_.pid, constants.priority.PRIORITY_LOW)
    },
    kill: () => {
      process_.kill('SIGKILL')
    },
    stop: async (graceMs = STOP_GRACE_MS) => {
      process_.kill('SIGTERM')
      const timer = setTimeout(() => process_.kill('SIGKILL'), graceMs)
      await ended
      clearTimeout(timer)
    },
  }
}

function listen(
  process_: ChildProcess,
  name: string,
  ended: Promise<string>,
  logFile: string,
): Child['told'] {
  const received: ChildMessage[] = []
  const waiting = new Set<() => void>()
  process_.on('message', (message) => {
    received.push(childMessage.parse(message))
    for (const check of waiting) check()
  })
  return (kind) =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        for (const message of received) {
          if (!isKind(message, kind)) continue
          waiting.delete(check)
          return resolve(message)
        }
      }
      waiting.add(check)
      check()
      void ended.then((how) => {
        waiting.delete(check)
        reject(
          faultOf(received) ??
            new Fault(
              'process-ended',
              `${name} ended (${how}).
${lastLines(logFile)}`,
            ),
        )
      })
    })
}

/** The fault that made a process end, as it said itself. */
function faultOf(received: readonly ChildMessage[]): Fault | undefined {
  for (const message of received) if (isKind(message, 'fault')) return new Fault(message.code, message.what)
  return undefined
}

function isKind<K extends ChildMessage['kind']>(
  message: ChildMessage,
  kind: K,
): message is Extract<ChildMessage, { kind: K }> {
  return message.kind === kind
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-6).join('\n')
}
