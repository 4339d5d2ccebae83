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

/** Options that mean the same wherever they are. */
export const dataOption = text
  .default('./data')
  .meta({ description: 'The data folder of the server, running or not (./data)' })
export const storeOption = text
  .optional()
  .meta({ description: 'The store of the server, as serve takes it (sqlite in --data)' })
/** Gateway files, by the name that they have in every verb; `--gateway` is a gateway of the park. */
export const gatewayFiles = (description: string) =>
  z.array(text).meta({ description: `${description}; may be given several times`, formerly: 'gateway' })
export const jsonOption = flag('One JSON document, for programs')

/** An option that stands alone: there or not, without a value. */
export function flag(description: string): z.ZodDefault<z.ZodBoolean> {
  return z.boolean().default(false).meta({ description })
}

/**
 * Parses the arguments of a verb: one option for each key of the schema, its help in `.meta({ description })`.
 * Keys that are arrays may be given several times, booleans stand alone. Arguments without a name are values of the key
 * `bare`, where the verb has one. Throws `argument-invalid` naming the option, or all that are needed and not there.
 */
export function parseOptions<S extends z.ZodObject>(
  schema: S,
  args: readonly string[],
  bare?: string,
): z.output<S> {
  let given: Record<string, unknown>
  try {
    const names = Object.entries(schema.shape).flatMap(([name, option]) =>
      [name, formerNameOf(option)].flatMap((each) => (each === undefined ? [] : [{ each, name, option }])),
    )
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(
        names.map(({ each, option }) => [
          each,
          {
            type: inner(option) instanceof z.ZodBoolean ? ('boolean' as const) : ('string' as const),
            multiple: inner(option) instanceof z.ZodArray,
          },
        ]),
      ),
      strict: true,
      allowPositionals: bare !== undefined,
    })
    given = {}
    for (const { each, name } of names) {
      const [before, value] = [given[name], values[each]]
      if (value === undefined) continue
      given[name] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
    }
    if (bare !== undefined && positionals.length > 0) given[bare] = positionals
  } catch (cause) {
    throw new Fault('argument-invalid', cause instanceof Error ? cause.message : String(cause), { cause })
  }
  const missing = Object.keys(schema.shape).filter(
    (name) => given[name] === undefined && isNeeded(schema.shape[name]),
  )
  if (missing.length > 0)
    throw new Fault('argument-invalid', `${missing.map((name) => `--${name}`).join(', ')} not given.`)
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new Fault('argument-invalid', `--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}

/** What an option holds under its default. */
function inner(option: unknown): unknown {
  return option instanceof z.ZodDefault || option instanceof z.ZodOptional ? option.unwrap() : option
}

const isNeeded = (option: unknown): boolean =>
  !(option instanceof z.ZodDefault || option instanceof z.ZodOptional)

/** What an option says of itself, also where that was said before it became optional. */
export function descriptionOf(option: unknown): string {
  const own = option instanceof z.ZodType ? option.meta()?.description : undefined
  if (own !== undefined) return own
  return inner(option) === option ? '' : descriptionOf(inner(option))
}

/** Names of options longer than this do not push all descriptions to the right. */
const NAME_WIDTH = 18

/** A name that the option had before, by which it is understood still: `.meta({ formerly })`. Help does not say it. */
export function formerNameOf(option: unknown): string | undefined {
  const former = option instanceof z.ZodType ? option.meta()?.['formerly'] : undefined
  return typeof former === 'string' ? former : undefined
}

/** The --help text of a verb's options; what must be given says so. */
export function optionsHelp(schema: z.ZodObject): string {
  const options = Object.entries(schema.shape)
  const width = Math.min(NAME_WIDTH, Math.max(0, ...options.map(([name]) => name.length)))
  return options
    .map(([name, option]) => {
      const needed = isNeeded(option) ? ' (needed)' : ''
      return `  --${name.padEnd(width)}  ${descriptionOf(option)}${needed}`
    })
    .join('\n')
}
