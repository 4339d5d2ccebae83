import { parseArgs } from 'node:util'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'

/** Schemas of arguments that several verbs take. */
export const text = z.string().min(1)
export const port = z.coerce.number().int().min(0).max(65_535)
/** An instant with its offset, as UTC milliseconds. */
export const instant = z.iso
  .datetime({ offset: true, error: 'an instant such as 2025-11-01T00:00:00+08:00' })
  .transform((given) => Temporal.Instant.from(given).epochMilliseconds)
export const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])

/**
 * Parses the arguments of a verb: one option for each key of the schema, its help in `.meta({ description })`.
 * Keys that are arrays may be given several times, booleans stand alone. Arguments without a name are values of the key
 * `bare`, where the verb has one. Throws `argument-invalid` naming the option.
 */
export function parseOptions<S extends z.ZodObject>(
  schema: S,
  args: readonly string[],
  bare?: string,
): z.output<S> {
  let given: Record<string, unknown>
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(
        Object.entries(schema.shape).map(([name, option]) => [
          name,
          {
            type: inner(option) instanceof z.ZodBoolean ? ('boolean' as const) : ('string' as const),
            multiple: inner(option) instanceof z.ZodArray,
          },
        ]),
      ),
      strict: true,
      allowPositionals: bare !== undefined,
    })
    given = { ...values }
    if (bare !== undefined && positionals.length > 0) given[bare] = positionals
  } catch (cause) {
    throw new Fault('argument-invalid', cause instanceof Error ? cause.message : String(cause), { cause })
  }
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Fault('argument-invalid', `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}

/** What an option holds under its default. */
function inner(option: unknown): unknown {
  return option instanceof z.ZodDefault ? option.unwrap() : option
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
