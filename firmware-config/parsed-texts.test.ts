import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { InvalidFile, parseData } from './document.ts'

const text = 'name: one\ncount: 2\n'

const texts = new Map([[createHash('sha256').update(text).digest('hex'), '{"name":"known","count":2}']])
const schema = z.strictObject({ name: z.string(), count: z.number() })

it('a known text is not parsed, and its parts have their places', () => {
  const known = parseData(schema, text, 'a.yaml', texts)
  expect(known.value).toEqual({ name: 'known', count: 2 })
  expect(known.placeOf(['count'])).toEqual({ file: 'a.yaml', line: 2, column: 8, path: 'count' })
})

it('any other text is parsed', () => {
  expect(parseData(schema, `${text}# changed\n`, 'a.yaml', texts).value).toEqual({ name: 'one', count: 2 })
})

it('a known text that does not fit is refused with its place', () => {
  const narrow = z.strictObject({ name: z.string(), count: z.string() })
  expect(() => parseData(narrow, text, 'a.yaml', texts)).toThrow(InvalidFile)
  expect(() => parseData(narrow, text, 'a.yaml', texts)).toThrow(/a\.yaml:2:8 count/)
})
