import { expect, test } from 'vitest'
import { z } from 'zod'
import { descriptionOf, flag, formerNameOf, optionsHelp, parseOptions, text } from './options.ts'
import type { Verb } from './verb.ts'
import { allVerbs } from './verb-table.ts'

/** What a person who knows one verb may expect of the others. */

const verbs = await Promise.all(
  Object.entries(allVerbs).map(async ([name, load]): Promise<[string, Verb]> => [name, await load()]),
)
const options = verbs.flatMap(([verb, { options }]) =>
  Object.entries(options).map(([name, schema]) => ({ verb, name, schema })),
)
const isFlag = (schema: unknown): boolean =>
  schema instanceof z.ZodDefault && schema.unwrap() instanceof z.ZodBoolean
const named = (of: readonly { verb: string; name: string }[]): string[] =>
  of.map(({ verb, name }) => `${verb} --${name}`)

test('every option of every verb says what it is', () => {
  expect(named(options.filter(({ schema }) => descriptionOf(schema) === ''))).toEqual([])
})

test('what is on or off stands alone everywhere, and an option is not a flag here and has a value there', () => {
  const takesTrue = options.filter(
    ({ schema }) => schema instanceof z.ZodType && typeof schema.safeParse('true').data === 'boolean',
  )
  expect(named(takesTrue)).toEqual([])
  const flags = new Set(options.flatMap(({ name, schema }) => (isFlag(schema) ? [name] : [])))
  expect(named(options.filter(({ name, schema }) => flags.has(name) && !isFlag(schema)))).toEqual([])
})

test('whoever decides says --by and --reason', () => {
  expect(named(options.filter(({ name }) => ['why', 'who', 'person', 'comment'].includes(name)))).toEqual([])
  expect(
    named(
      options.filter(
        ({ verb, name }) =>
          name === 'reason' && options.every((each) => each.verb !== verb || each.name !== 'by'),
      ),
    ),
  ).toEqual([])
})

test('a gateway file is --config, and --gateway is one of the park', () => {
  const saysFile = options.filter(({ schema }) => /^(a|the) gateway file\b/i.test(descriptionOf(schema)))
  expect(saysFile.length).toBeGreaterThan(9)
  expect(named(saysFile.filter(({ name }) => !['config', 'meter', 'bus'].includes(name)))).toEqual([])
  const notNames = options.filter(
    ({ name, schema }) =>
      name === 'gateway' && (!(schema instanceof z.ZodType) || schema.safeParse('gateway.yaml/').success),
  )
  expect(named(notNames)).toEqual([])
})

test('an option that had another name is understood by it too, and help does not say it', () => {
  const renamed = z.object({
    config: z.array(text).default([]).meta({ description: 'Files', formerly: 'gateway' }),
  })
  expect(parseOptions(renamed, ['--gateway', 'a', '--config', 'b', '--gateway', 'c'])).toEqual({
    config: ['b', 'a', 'c'],
  })
  expect(parseOptions(renamed, [])).toEqual({ config: [] })
  expect(optionsHelp(renamed)).not.toContain('gateway')
  const all = options.flatMap(({ schema }) => formerNameOf(schema) ?? [])
  expect(new Set(all)).toEqual(new Set(['gateway']))
})

test('where a data folder is meant, ./data is', () => {
  const others = options.filter(
    ({ name, schema }) =>
      name === 'data' && !(schema instanceof z.ZodDefault && schema.parse(undefined) === './data'),
  )
  // Of a server elsewhere there is no folder.
  expect(named(others)).toEqual(['grade --data'])
})

const schema = z.object({
  park: text.meta({ description: 'The park file' }),
  'a-very-long-name-of-it': text.meta({ description: 'Long' }).optional(),
  again: flag('Once more'),
})

test('help says what is needed, and a call that lacks it names all of it', () => {
  expect(optionsHelp(schema).split('\n')).toEqual([
    '  --park                The park file (needed)',
    '  --a-very-long-name-of-it  Long',
    '  --again               Once more',
  ])
  expect(() => parseOptions(schema.extend({ by: text }), ['--again'])).toThrow('--park, --by not given.')
  expect(() => parseOptions(schema, ['--park', 'p', '--again', 'true'])).toThrow("Unexpected argument 'true'")
})
