import type { LocalName } from './identity.ts'

/**
 * Energy carriers and media, as the energy statistics forms and GB/T 2589 separate them; the environment; and what is
 * made, which is no energy.
 */
export const carriers = {
  electricity: { zh: '电力', en: 'Electricity' },
  naturalGas: { zh: '天然气', en: 'Natural gas' },
  steam: { zh: '蒸汽', en: 'Steam' },
  heat: { zh: '热力', en: 'Heat' },
  cooling: { zh: '冷量', en: 'Cooling' },
  water: { zh: '水', en: 'Water' },
  compressedAir: { zh: '压缩空气', en: 'Compressed air' },
  solidFuel: { zh: '固体燃料', en: 'Solid fuel' },
  liquidFuel: { zh: '液体燃料', en: 'Liquid fuel' },
  environment: { zh: '环境', en: 'Environment' },
  product: { zh: '产品', en: 'Product' },
} as const satisfies Record<string, LocalName>

export type Carrier = keyof typeof carriers

export const carrierNames = Object.keys(carriers).filter((name): name is Carrier => name in carriers)
