import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { decimal } from './decimal.ts'
import { gradeOf, gradeRule } from './grade-rule.ts'

const rule = gradeRule.parse(parse(readFileSync(new URL('grades/zhejiang.yaml', import.meta.url), 'utf8')))

test.each([
  ['60', 'low'],
  ['60.0001', 'middle'],
  ['200', 'middle'],
  ['200.1', 'high'],
])('%s t on a million CNY of value added is %s', (tonnes, level) => {
  expect(gradeOf(rule, decimal(tonnes), decimal('1000000'))?.level.step.id).toBe(level)
})

test.each([
  ['0.6', '1'],
  ['0.8', '2'],
  ['1.2', '3'],
  ['2', '4'],
  ['2.01', '5'],
])('%s of the mean of the industry is efficiency %s', (tonnes, grade) => {
  const mean = decimal('0.01')
  expect(gradeOf(rule, decimal(tonnes), decimal('1000000'), mean)?.efficiency?.step.id).toBe(grade)
})

test('without value added there is no grade', () => {
  expect(gradeOf(rule, decimal('1'), decimal('0'))).toBeUndefined()
})

test('steps that do not grow, or are open before the last, are no rule', () => {
  const { level, ...rest } = rule
  const [first, second, last] = level.steps
  for (const steps of [
    [second, first, last],
    [last, first],
    [first, second],
  ])
    expect(gradeRule.safeParse({ ...rest, level: { ...level, steps } }).success).toBe(false)
})
