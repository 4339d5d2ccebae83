import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { linesOf, runLanes, type Step } from './steps.ts'

let folder: string
const printed: string[] = []
const print = (text: string): number => printed.push(text)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-steps-'))
  printed.length = 0
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const step = (title: string, script: string): Step => ({ title, command: 'sh', args: ['-c', script] })

it('runs a lane in its order, lanes beside one another, and tells of each step what it wrote', async () => {
  // Each of the two waits until the other one is there.
  const meeting = (own: string, other: string): string =>
    `: > here-${own}; while [ ! -e here-${other} ]; do sleep 0.01; done; echo ${own}`
  const failed = await runLanes(
    [
      [step('first', meeting('a', 'b')), step('second', 'cat here-a && echo after >&2')],
      [step('beside', meeting('b', 'a'))],
    ],
    folder,
    print,
  )
  expect(failed).toBeUndefined()
  expect(printed.find((each) => each.includes('first'))).toMatch(/^\n── first\na\n {3}\d+\.\d s$/)
  expect(printed.findIndex((each) => each.includes('second'))).toBeGreaterThan(
    printed.findIndex((each) => each.includes('first')),
  )
  expect(printed.find((each) => each.includes('second'))).toContain('after\n')
  expect(printed).toHaveLength(3)
})

it('ends all others with the first that fails, and names it', async () => {
  const bad = step('bad', 'echo wrong; echo bad >> log; exit 3')
  const failed = await runLanes(
    [
      [bad, step('never', 'echo never >> log')],
      [{ title: 'endless', command: 'sleep', args: ['600'] }, step('never', 'echo never >> log')],
    ],
    folder,
    print,
  )
  expect(failed).toBe(bad)
  expect(printed).toEqual([expect.stringMatching(/── bad\nwrong\n/)])
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('bad\n')
})

it('names a program that is not there', async () => {
  const missing = { title: 'missing', command: './no-such-program', args: [] }
  expect(await runLanes([[missing]], folder, print)).toBe(missing)
  expect(printed[0]).toContain('ENOENT')
})

it('prints the lines of a program as they come, those of errors too, and gives its exit code', async () => {
  const code = await linesOf(step('lines', 'printf "one\\ntwo"; echo three >&2; exit 4'), folder, print)
  expect(code).toBe(4)
  expect(printed.toSorted()).toEqual(['one', 'three', 'two'])
  expect(await linesOf({ title: 'missing', command: './no-such-program', args: [] }, folder, print)).toBe(-1)
})
