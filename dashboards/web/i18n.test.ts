import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor } from 'vite'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { texts as en } from './src/i18n/en.ts'
import { texts as zh } from './src/i18n/zh-CN.ts'

const folder = join(import.meta.dirname, 'src')
const sources = globSync('**/*.{ts,tsx}', { cwd: folder }).map((file) => ({
  file,
  text: readFileSync(join(folder, file), 'utf8'),
}))

const holesOf = (text: string): string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').toSorted()

/** Whatever could be read: a letter of any script. */
const hasWords = (text: string): boolean => /\p{L}/u.test(text)

/** Attributes that are read by people. */
const readAttributes = new Set(['title', 'alt', 'placeholder', 'aria-label', 'label', 'description'])

function literalTexts(file: string, text: string): string[] {
  const found: string[] = []
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  new Visitor({
    JSXText: ({ value }) => {
      if (hasWords(value)) found.push(value.trim())
    },
    JSXAttribute: ({ name, value }) => {
      const isRead = name.type === 'JSXIdentifier' && readAttributes.has(name.name)
      if (isRead && value?.type === 'Literal' && typeof value.value === 'string') found.push(value.value)
    },
  }).visit(program)
  return found
}

/** Keys that stand in a source, in a call or a table of them, and the beginnings of those that are put together. */
function keysAskedFor(text: string): { whole: string[]; beginnings: string[] } {
  return {
    whole: [...text.matchAll(/'([\w.-]+)'/g)].map(([, key]) => key ?? ''),
    beginnings: [...text.matchAll(/\bt\(\s*`([^`$]+)\$\{/g)].map(([, beginning]) => beginning ?? ''),
  }
}

describe('the two languages', () => {
  test('have the same keys', () => {
    expect(Object.keys(en)).toEqual(Object.keys(zh))
  })

  test('have each key in one file', () => {
    for (const [language, texts] of Object.entries({ 'zh-CN': zh, en })) {
      const files = globSync(`i18n/${language}/*.json`, { cwd: folder })
      const keys = files.flatMap((file) =>
        Object.keys(
          z.record(z.string(), z.string()).parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
        ),
      )
      expect(keys.toSorted()).toEqual(Object.keys(texts).toSorted())
    }
  })

  test('have the same holes in each text, and no empty text', () => {
    const inEnglish = Object.entries(en).map(([key, text]) => [key, holesOf(text)])
    const inChinese = Object.entries(zh).map(([key, text]) => [key, holesOf(text)])
    expect(inEnglish).toEqual(inChinese)
    expect([...Object.values(en), ...Object.values(zh)].filter((text) => text.trim() === '')).toEqual([])
  })

  test('have no key that no page asks for', () => {
    const asked = sources.map(({ text }) => keysAskedFor(text))
    const whole = new Set(asked.flatMap((each) => each.whole))
    const beginnings = asked.flatMap((each) => each.beginnings)
    const unused = Object.keys(zh).filter(
      (key) => !whole.has(key) && !beginnings.some((beginning) => key.startsWith(beginning)),
    )
    expect(unused).toEqual([])
  })
})

test('no page holds a literal text', () => {
  const literal = sources
    .filter(({ file }) => file.endsWith('.tsx'))
    .flatMap(({ file, text }) => literalTexts(file, text).map((found) => `${file}: ${found}`))
  expect(literal).toEqual([])
})

test('a literal text would be found', () => {
  expect(literalTexts('a.tsx', 'export const a = <p title="功率">kW <b>{x}</b></p>')).toEqual(['功率', 'kW'])
})
