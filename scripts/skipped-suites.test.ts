import { expect, test } from 'vitest'
import { skippedSuites } from './skipped-suites.ts'

const skipped = (...titles: string[]) => ({
  ancestorTitles: titles.slice(0, -1),
  title: titles.at(-1) ?? '',
  status: 'skipped',
})

test('a suite is named once, down to the one that says what it needs', () => {
  expect(
    skippedSuites([
      skipped('InfluxDB 2.x [needs A_URL]', 'keeps its promises', 'one'),
      skipped('InfluxDB 2.x [needs A_URL]', 'keeps its promises', 'two'),
      skipped('The demo park', 'in a browser [needs chromium]', 'shows live values'),
      skipped('a suite', 'within', 'a test'),
      skipped('a test alone'),
      { ...skipped('The demo park', 'starts'), status: 'passed' },
    ]),
  ).toEqual([
    'InfluxDB 2.x [needs A_URL]',
    'The demo park › in a browser [needs chromium]',
    'a suite',
    'a test alone',
  ])
})
