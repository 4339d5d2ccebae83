import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { alarmRule } from '#contract/alarm.ts'
import { rooms } from '../oxlint.config.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const built = Object.keys(rooms).filter((room) => readdirSync(root).includes(room))
const headings = ['What comes in', 'What goes out', 'Run it alone', 'Files', 'Decisions']

describe.each([...built, 'cli', 'test'])('%s/README.md', (room) => {
  const text = readFileSync(join(root, room, 'README.md'), 'utf8')

  it('has the headings of every room, in their order', () => {
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual(headings)
    expect(text).toMatch(new RegExp(`^# ${room}\\n`))
  })

  it('names every source file of the room', () => {
    const files = readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).filter(
      (file) => /\.(ts|py)$/.test(file) && !/\.test\.ts$|\.test-support\.ts$|^web\//.test(file),
    )
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => !text.includes(basename(file)))).toEqual([])
  })

  it('says once what a file holds', () => {
    const [, files = ''] = text.split(/^## Files$/m)
    const lines = files.split('\n').filter((line) => /^(?:- |\| )`/.test(line))
    const names = lines.map((line) => /`([^`]+)`/.exec(line)?.[1] ?? '')
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})

describe('docs/architecture.md', () => {
  it('shows the table of imports that lint enforces', () => {
    const text = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8')
    for (const [room, allowed] of Object.entries(rooms)) {
      const [, imports = ''] =
        new RegExp(`^\\| (?:\\[)?\`${room}/\`[^|]*\\|[^|]*\\|([^|]*)\\|`, 'm').exec(text) ?? []
      expect(imports.replaceAll('`', '').trim(), room).toBe(
        allowed.length === 0 ? 'nothing of ours' : allowed.join(', '),
      )
    }
  })
})

it('docs/operations.md describes every rule of alarms', () => {
  const text = readFileSync(join(root, 'docs', 'operations.md'), 'utf8')
  const kinds = alarmRule.options.map(({ shape }) => shape.kind.value)
  expect(kinds.filter((kind) => !text.includes(`| \`${kind}\``))).toEqual([])
})

it('both READMEs lead to the same documents', () => {
  const linksOf = (name: string): string[] =>
    [...readFileSync(join(root, name), 'utf8').matchAll(/\]\(((?:docs|[\w-]+\/)[^)]*\.md)\)/g)]
      .map(([, link = '']) => link)
      .toSorted()
  expect(linksOf('README.zh-CN.md')).toEqual(linksOf('README.md'))
})
