import { describe, expect, test } from 'vitest'
import { texts as zh } from './src/i18n/zh-CN.ts'
import type { TextKey } from './src/language.tsx'
import { unavailableText } from './src/unavailable-text.ts'

/** Chinese, with its holes filled in as a page does it. */
const speech = {
  t: (key: TextKey, values: Readonly<Record<string, string | number>> = {}): string =>
    zh[key].replaceAll(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole)),
}

describe('why a posting has no result', () => {
  test.each([
    ['What is in kg cannot be an activity in GJ.', '以 kg 计量的数据不能作为以 GJ 计的活动数据'],
    [
      'gas-1: its volume is that at working conditions, not at standard ones.',
      '仪表 gas-1 计量的是工况体积，不是标况体积',
    ],
    [
      'boiler: more of coal was used elsewhere than stocks and purchases give.',
      'boiler：其他排放源所用的 coal 多于库存与购进之和',
    ],
    [
      'Record 7: a factor of gas is in kgCO2/GJ, not in tC/t.',
      '记录 7：gas 的因子单位应为 kgCO2/GJ，而不是 tC/t',
    ],
    ['Record 7: is in t, and gas is counted in GJ.', '记录 7 的单位是 t，而 gas 按 GJ 计量'],
    ['Record 7: is of coal, and gas is counted in GJ.', '记录 7 属于 coal，而 gas 按 GJ 计量'],
    ['Record 7: is of coal, and gas of naturalGas.', '记录 7 属于 coal，而 gas 属于 naturalGas'],
    ['Record 7: coal is in t or 10⁴ t, not in m3.', '记录 7：coal 的单位应为 t or 10⁴ t，而不是 m3'],
    [
      'The meters of a measure coal too, and no record says what b has of its bills.',
      'a 的仪表也计量 coal，且没有记录说明账单归谁',
    ],
    [
      'a and b draw on the same stock of coal, and no record says what each used.',
      'a 与 b 共用同一份 coal，且没有记录说明各用多少',
    ],
    ['Something that nobody has written yet.', 'Something that nobody has written yet.'],
  ])('%s', (reason, said) => {
    expect(unavailableText(reason, speech)).toBe(said)
  })
})
