import { expect, test } from 'vitest'
import { flowTip } from './flow-tip.ts'

test('names are text, whatever stands in them', () => {
  expect(flowTip(['<img src=x onerror=alert(1)>', '锻造厂 & Co.'], '1.2 tce')).toBe(
    '&lt;img src=x onerror=alert(1)&gt; → 锻造厂 &amp; Co.<br>1.2 tce',
  )
})
