import type { z } from 'zod'
import { optionsHelp, parseOptions } from './options.ts'

/** One command of `tanbiao`. */
export interface Verb {
  readonly summary: string
  readonly help: string
  /** Runs until it is done; a Fault that it throws is printed and becomes exit code 1. */
  run(args: readonly string[]): Promise<void>
}

/** A verb from its options' schema and what it does with them; `notes` end its help: examples, exit codes. */
export function verb<S extends z.ZodObject>(
  summary: string,
  schema: S,
  action: (options: z.output<S>) => Promise<void>,
  notes?: string,
): Verb {
  return {
    summary,
    help: [summary, optionsHelp(schema), ...(notes === undefined ? [] : [notes])].join('\n\n'),
    run: (args) => action(parseOptions(schema, args)),
  }
}
