/** Why a charge is not available. */
export const costGaps = {
  'no-tariff': { zh: '该时段没有已知电价方案', en: 'no tariff is known for part of this time' },
  'no-price': { zh: '没有有依据的电价', en: 'no documented price' },
  'no-energy': { zh: '没有电量数据', en: 'no energy is known' },
  'no-demand': {
    zh: '没有完整测量的时段，无法确定需量',
    en: 'no slot was measured in full, so there is no demand',
  },
  'no-contract': { zh: '没有合同最大需量', en: 'the contracted demand is not given' },
  'no-capacity': { zh: '没有变压器容量', en: 'the capacity in service is not given' },
  'no-funds': { zh: '没有政府性基金单价', en: 'the government funds in the price are not given' },
  'no-reactive-energy': { zh: '没有无功电量', en: 'reactive energy is not known for all of the month' },
  'prices-differ': {
    zh: '月内电价有变，基本电费不唯一',
    en: 'prices change within the month: no single basic charge',
  },
} as const satisfies Record<string, { readonly zh: string; readonly en: string }>
export type CostGap = keyof typeof costGaps
