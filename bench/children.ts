import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The processes of a benchmark, and what they tell. */

export const started = z.object({ url: z.string() })
/**
 * `processorSeconds`: of the process itself, from its first byte sent to the last answer. `onTheWay`: batches of a gateway,
 * at most.
 */
export const finished = z.object({
  seconds: z.number(),
  processorSeconds: z.number(),
  onTheWay: z.int().optional(),
})

export function start(file: string, ...args: readonly (string | number)[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number | undefined): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Math.round(Number(kib) / 1_024)
}

export async function message<T>(child: ChildProcess, schema: z.ZodType<T>): Promise<T> {
  const [first]: unknown[] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a benchmark process ended with ${String(code)}`)
    }),
  ])
  return schema.parse(first)
}
