import { parseArgs } from 'node:util'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'

/** Schemas of arguments that several verbs take. */
export const text = z.string().min(1)
export const port = z.coerce.number().int().min(0).max(65_535)
export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])

/**
 * Parses the arguments of a verb: one option for each key of the schema, its help in `.meta({ description })`.
 * Keys that are arrays may be given several times; those that are booleans take no value. Throws `argument-invalid` naming the option.
 */
export function parseOptions<S extends z.ZodObject>(schema: S, args: readonly string[]): z.output<S> {
  let given: Record<string, unknown>
  try {
    given = parseArgs({
      args: [...args],
      options: Object.fromEntries(
        Object.entries(schema.shape).map(([name, option]) => [
          name,
          isFlag(option)
            ? { type: 'boolean' as const }
            : { type: 'string' as const, multiple: acceptsMany(option) },
        ]),
      ),
      strict: true,
    }).values
  } catch (cause) {
    throw new Fault('argument-invalid', cause instanceof Error ? cause.message : String(cause), { cause })
  }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Fault('argument-invalid', `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}

function acceptsMany(option: unknown): boolean {
  const inner = option instanceof z.ZodDefault ? option.unwrap() : option
  return inner instanceof z.ZodArray
}

function isFlag(option: unknown): boolean {
  const inner = option instanceof z.ZodDefault ? option.unwrap() : option
  return inner instanceof z.ZodBoolean
}

/** The --help text of a verb's options. */
export function optionsHelp(schema: z.ZodObject): string {
  return Object.entries(schema.shape)
    .map(([name, option]) => {
      const description = option instanceof z.ZodType ? (option.meta()?.description ?? '') : ''
      return `  --${name.padEnd(12)} ${description}`
    })
    .join('\n')
}
