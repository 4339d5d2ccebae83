import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The processes of a benchmark, and what they tell. */

export const started = z.object({ url: z.string() })
export const finished = z.object({ seconds: z.number() })

export function start(file: string, ...args: readonly (string | number)[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
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
