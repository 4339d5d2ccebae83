import type { z } from 'zod'
import { optionsHelp, parseOptions } from './options.ts'

/** One command of `tanbiao`. */
export interface Verb {
  readonly summary: string
  readonly help: string
  /** The schemas of its options, by name. */
  readonly options: Readonly<Record<string, unknown>>
  /** Runs until it is done; a Fault that it throws is printed and becomes exit code 1. */
  run(args: readonly string[]): Promise<void>
}

export interface VerbDetails<S extends z.ZodObject> {
  /** The key of arguments without a name. */
  readonly bare?: keyof S['shape'] & string
  /** The end of its help: examples, exit codes. */
  readonly notes?: string
}

/** A verb from its options' schema and what it does with them. */
export function verb<S extends z.ZodObject>(
  summary: string,
  schema: S,
  action: (options: z.output<S>) => Promise<void>,
  { bare, notes }: VerbDetails<S> = {},
): Verb {
  return {
    summary,
    options: schema.shape,
    help: [summary, optionsHelp(schema), ...(notes === undefined ? [] : [notes])].join('\n\n'),
    run: (args) => action(parseOptions(schema, args, bare)),
  }
}
