import type { Carrier } from './carriers.ts'
import type { LocalName } from './identity.ts'
import type { Unit } from './units.ts'

/**
 * The table behind the catalogue of quantities: one row a family, each at one or more places.
 * Sign convention (IEC 62053-23, load view): import, consumption and inductive are positive.
 */

/** Where in a three-phase system, or in which tariff register, a quantity is measured. */
export const places = {
  total: { zh: '总', en: 'total' },
  average: { zh: '平均', en: 'average' },
  l1: { zh: 'A相', en: 'L1' },
  l2: { zh: 'B相', en: 'L2' },
  l3: { zh: 'C相', en: 'L3' },
  n: { zh: '中性线', en: 'N' },
  l12: { zh: 'AB', en: 'L1-L2' },
  l23: { zh: 'BC', en: 'L2-L3' },
  l31: { zh: 'CA', en: 'L3-L1' },
  sharp: { zh: '尖', en: 'sharp' },
  peak: { zh: '峰', en: 'peak' },
  flat: { zh: '平', en: 'flat' },
  valley: { zh: '谷', en: 'valley' },
} as const satisfies Record<string, LocalName>

export type Place = keyof typeof places

const phases = ['l1', 'l2', 'l3'] as const
const phasesAndTotal = ['l1', 'l2', 'l3', 'total'] as const
const lineToLine = ['l12', 'l23', 'l31', 'average'] as const
const tariffRegisters = ['sharp', 'peak', 'flat', 'valley'] as const
const energyPlaces = [...phasesAndTotal, ...tariffRegisters] as const

export interface Family {
  readonly symbol: string
  readonly unit: Unit
  /** A cumulative quantity is a register that only rises; an instantaneous one is a state at a moment. */
  readonly kind: 'cumulative' | 'instantaneous'
  readonly carrier: Carrier
  readonly name: LocalName
  /** What a positive value means, where a sign is possible. */
  readonly positive?: string
  readonly places?: readonly Place[]
}

const instantaneous = { kind: 'instantaneous' } as const
const cumulative = { kind: 'cumulative' } as const
const electricity = { carrier: 'electricity' } as const

// prettier-ignore
export const families = {
  // Electricity, state of the moment
  voltage: { ...electricity, ...instantaneous, symbol: 'U', unit: 'V', places: [...phases, 'average'], name: { zh: '相电压', en: 'Voltage' } },
  voltageLineToLine: { ...electricity, ...instantaneous, symbol: 'U', unit: 'V', places: lineToLine, name: { zh: '线电压', en: 'Line-to-line voltage' } },
  current: { ...electricity, ...instantaneous, symbol: 'I', unit: 'A', places: [...phases, 'n', 'average'], name: { zh: '电流', en: 'Current' } },
  activePower: { ...electricity, ...instantaneous, symbol: 'P', unit: 'kW', places: phasesAndTotal, positive: 'import', name: { zh: '有功功率', en: 'Active power' } },
  reactivePower: { ...electricity, ...instantaneous, symbol: 'Q', unit: 'kvar', places: phasesAndTotal, positive: 'inductive while importing', name: { zh: '无功功率', en: 'Reactive power' } },
  apparentPower: { ...electricity, ...instantaneous, symbol: 'S', unit: 'kVA', places: phasesAndTotal, name: { zh: '视在功率', en: 'Apparent power' } },
  powerFactor: { ...electricity, ...instantaneous, symbol: 'λ', unit: '1', places: phasesAndTotal, positive: 'import', name: { zh: '功率因数', en: 'Power factor' } },
  phaseAngle: { ...electricity, ...instantaneous, symbol: 'φ', unit: '°', places: phasesAndTotal, name: { zh: '相角', en: 'Phase angle' } },
  frequency: { ...electricity, ...instantaneous, symbol: 'f', unit: 'Hz', name: { zh: '频率', en: 'Frequency' } },
  voltageThd: { ...electricity, ...instantaneous, symbol: 'THDu', unit: '%', places: [...phases, 'average'], name: { zh: '电压谐波畸变率', en: 'Voltage THD' } },
  currentThd: { ...electricity, ...instantaneous, symbol: 'THDi', unit: '%', places: [...phases, 'average'], name: { zh: '电流谐波畸变率', en: 'Current THD' } },
  activeDemand: { ...electricity, ...instantaneous, symbol: 'Pd', unit: 'kW', places: ['total'], name: { zh: '有功需量', en: 'Active demand' } },
  activeDemandMax: { ...electricity, ...instantaneous, symbol: 'Pd,max', unit: 'kW', places: ['total'], name: { zh: '最大有功需量', en: 'Maximum active demand' } },
  apparentDemand: { ...electricity, ...instantaneous, symbol: 'Sd', unit: 'kVA', places: ['total'], name: { zh: '视在需量', en: 'Apparent demand' } },
  dcPower: { ...electricity, ...instantaneous, symbol: 'Pdc', unit: 'kW', name: { zh: '直流功率', en: 'DC power' } },
  dcVoltage: { ...electricity, ...instantaneous, symbol: 'Udc', unit: 'V', name: { zh: '直流电压', en: 'DC voltage' } },
  dcCurrent: { ...electricity, ...instantaneous, symbol: 'Idc', unit: 'A', name: { zh: '直流电流', en: 'DC current' } },
  equipmentTemperature: { ...electricity, ...instantaneous, symbol: 'T', unit: '°C', name: { zh: '设备温度', en: 'Equipment temperature' } },

  // Electricity, registers. Reactive energy by quadrant as IEC 62053-23: Q1 import inductive, Q2 export
  // capacitive, Q3 export inductive, Q4 import capacitive.
  activeEnergyImport: { ...electricity, ...cumulative, symbol: 'E+', unit: 'kWh', places: energyPlaces, name: { zh: '正向有功电能', en: 'Active energy import' } },
  activeEnergyExport: { ...electricity, ...cumulative, symbol: 'E-', unit: 'kWh', places: energyPlaces, name: { zh: '反向有功电能', en: 'Active energy export' } },
  activeEnergySum: { ...electricity, ...cumulative, symbol: 'ΣE', unit: 'kWh', places: energyPlaces, name: { zh: '组合有功电能（正向+反向）', en: 'Active energy import + export' } },
  reactiveEnergyImport: { ...electricity, ...cumulative, symbol: 'Er+', unit: 'kvarh', places: phasesAndTotal, name: { zh: '正向无功电能', en: 'Reactive energy import' } },
  reactiveEnergyExport: { ...electricity, ...cumulative, symbol: 'Er-', unit: 'kvarh', places: phasesAndTotal, name: { zh: '反向无功电能', en: 'Reactive energy export' } },
  reactiveEnergyQ1: { ...electricity, ...cumulative, symbol: 'ErQ1', unit: 'kvarh', places: ['total'], name: { zh: '第一象限无功电能', en: 'Reactive energy Q1' } },
  reactiveEnergyQ2: { ...electricity, ...cumulative, symbol: 'ErQ2', unit: 'kvarh', places: ['total'], name: { zh: '第二象限无功电能', en: 'Reactive energy Q2' } },
  reactiveEnergyQ3: { ...electricity, ...cumulative, symbol: 'ErQ3', unit: 'kvarh', places: ['total'], name: { zh: '第三象限无功电能', en: 'Reactive energy Q3' } },
  reactiveEnergyQ4: { ...electricity, ...cumulative, symbol: 'ErQ4', unit: 'kvarh', places: ['total'], name: { zh: '第四象限无功电能', en: 'Reactive energy Q4' } },
  apparentEnergy: { ...electricity, ...cumulative, symbol: 'Es', unit: 'kVAh', places: phasesAndTotal, name: { zh: '视在电能', en: 'Apparent energy' } },

  // Natural gas. Standard volume: at 20 °C and 101.325 kPa, the Chinese trade condition.
  gasVolumeStandard: { ...cumulative, carrier: 'naturalGas', symbol: 'Vn', unit: 'm³', name: { zh: '标况累计体积', en: 'Gas volume, standard' } },
  gasVolumeActual: { ...cumulative, carrier: 'naturalGas', symbol: 'V', unit: 'm³', name: { zh: '工况累计体积', en: 'Gas volume, actual' } },
  gasFlowStandard: { ...instantaneous, carrier: 'naturalGas', symbol: 'qn', unit: 'm³/h', name: { zh: '标况流量', en: 'Gas flow, standard' } },
  gasFlowActual: { ...instantaneous, carrier: 'naturalGas', symbol: 'q', unit: 'm³/h', name: { zh: '工况流量', en: 'Gas flow, actual' } },
  gasTemperature: { ...instantaneous, carrier: 'naturalGas', symbol: 'T', unit: '°C', name: { zh: '燃气温度', en: 'Gas temperature' } },
  gasPressure: { ...instantaneous, carrier: 'naturalGas', symbol: 'p', unit: 'kPa', positive: 'absolute', name: { zh: '燃气绝对压力', en: 'Gas pressure, absolute' } },

  // Steam
  steamMass: { ...cumulative, carrier: 'steam', symbol: 'm', unit: 't', name: { zh: '蒸汽累计质量', en: 'Steam mass' } },
  steamEnergy: { ...cumulative, carrier: 'steam', symbol: 'Q', unit: 'GJ', name: { zh: '蒸汽累计热量', en: 'Steam energy' } },
  steamFlow: { ...instantaneous, carrier: 'steam', symbol: 'qm', unit: 't/h', name: { zh: '蒸汽流量', en: 'Steam flow' } },
  steamTemperature: { ...instantaneous, carrier: 'steam', symbol: 'T', unit: '°C', name: { zh: '蒸汽温度', en: 'Steam temperature' } },
  steamPressure: { ...instantaneous, carrier: 'steam', symbol: 'p', unit: 'kPa', positive: 'absolute', name: { zh: '蒸汽绝对压力', en: 'Steam pressure, absolute' } },

  // Heat and cold in water circuits
  heatEnergy: { ...cumulative, carrier: 'heat', symbol: 'Q', unit: 'GJ', name: { zh: '累计热量', en: 'Heat' } },
  heatVolume: { ...cumulative, carrier: 'heat', symbol: 'V', unit: 'm³', name: { zh: '载热介质累计体积', en: 'Heat-carrier volume' } },
  heatPower: { ...instantaneous, carrier: 'heat', symbol: 'Φ', unit: 'kW', name: { zh: '热功率', en: 'Heat power' } },
  heatFlow: { ...instantaneous, carrier: 'heat', symbol: 'qv', unit: 'm³/h', name: { zh: '载热介质流量', en: 'Heat-carrier flow' } },
  supplyTemperature: { ...instantaneous, carrier: 'heat', symbol: 'Ts', unit: '°C', name: { zh: '供水温度', en: 'Supply temperature' } },
  returnTemperature: { ...instantaneous, carrier: 'heat', symbol: 'Tr', unit: '°C', name: { zh: '回水温度', en: 'Return temperature' } },
  coolingEnergy: { ...cumulative, carrier: 'cooling', symbol: 'Qc', unit: 'GJ', name: { zh: '累计冷量', en: 'Cooling energy' } },
  coolingPower: { ...instantaneous, carrier: 'cooling', symbol: 'Φc', unit: 'kW', name: { zh: '冷功率', en: 'Cooling power' } },

  // Water and compressed air (standard volume of air: at 20 °C and 101.325 kPa)
  waterVolume: { ...cumulative, carrier: 'water', symbol: 'V', unit: 'm³', name: { zh: '累计用水量', en: 'Water volume' } },
  waterFlow: { ...instantaneous, carrier: 'water', symbol: 'qv', unit: 'm³/h', name: { zh: '水流量', en: 'Water flow' } },
  airVolumeStandard: { ...cumulative, carrier: 'compressedAir', symbol: 'Vn', unit: 'm³', name: { zh: '压缩空气标况累计体积', en: 'Compressed-air volume, standard' } },
  airFlowStandard: { ...instantaneous, carrier: 'compressedAir', symbol: 'qn', unit: 'm³/h', name: { zh: '压缩空气标况流量', en: 'Compressed-air flow, standard' } },
  airPressure: { ...instantaneous, carrier: 'compressedAir', symbol: 'p', unit: 'kPa', positive: 'absolute', name: { zh: '压缩空气绝对压力', en: 'Compressed-air pressure, absolute' } },

  // Solid and liquid fuel
  solidFuelMass: { ...cumulative, carrier: 'solidFuel', symbol: 'm', unit: 't', name: { zh: '固体燃料累计质量', en: 'Solid-fuel mass' } },
  solidFuelFlow: { ...instantaneous, carrier: 'solidFuel', symbol: 'qm', unit: 't/h', name: { zh: '固体燃料流量', en: 'Solid-fuel flow' } },
  liquidFuelMass: { ...cumulative, carrier: 'liquidFuel', symbol: 'm', unit: 't', name: { zh: '液体燃料累计质量', en: 'Liquid-fuel mass' } },
  liquidFuelVolume: { ...cumulative, carrier: 'liquidFuel', symbol: 'V', unit: 'm³', name: { zh: '液体燃料累计体积', en: 'Liquid-fuel volume' } },
  liquidFuelFlow: { ...instantaneous, carrier: 'liquidFuel', symbol: 'qv', unit: 'm³/h', name: { zh: '液体燃料流量', en: 'Liquid-fuel flow' } },

  // Environment
  outdoorTemperature: { ...instantaneous, carrier: 'environment', symbol: 'Ta', unit: '°C', name: { zh: '室外温度', en: 'Outdoor temperature' } },
  relativeHumidity: { ...instantaneous, carrier: 'environment', symbol: 'RH', unit: '%', name: { zh: '相对湿度', en: 'Relative humidity' } },
  irradiance: { ...instantaneous, carrier: 'environment', symbol: 'G', unit: 'W/m²', name: { zh: '太阳辐照度', en: 'Irradiance' } },
  windSpeed: { ...instantaneous, carrier: 'environment', symbol: 'v', unit: 'm/s', name: { zh: '风速', en: 'Wind speed' } },

  // What is made: pieces that a counter counts, mass that goes over a belt scale. No energy.
  productCount: { ...cumulative, carrier: 'product', symbol: 'N', unit: 'pcs', name: { zh: '累计产品件数', en: 'Products counted' } },
  productMass: { ...cumulative, carrier: 'product', symbol: 'm', unit: 't', name: { zh: '累计产品质量', en: 'Product mass' } },
} as const satisfies Record<string, Family>
