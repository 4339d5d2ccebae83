import { expect, test } from 'vitest'
import { factorsText } from './formula-text.ts'

const factor = (
  what: 'emission' | 'residual' | 'ncv' | 'carbon' | 'oxidation' | 'enthalpy',
  value: string,
  unit: string,
) => ({
  what,
  code: what,
  value,
  unit,
  document: '',
  rule: 'set',
  confidence: 'verified' as const,
})

test('a factor of the market-based total is no factor of the location-based product', () => {
  const factors = [factor('emission', '0.7041', 'kgCO2/kWh'), factor('residual', '0.6096', 'kgCO2/kWh')]
  expect(factorsText({ formula: 'electricity', factors })).toBe(' × 0.7041 kgCO₂/kWh')
})

test('carbon becomes carbon dioxide, and steam has the heat of its water taken off', () => {
  const fuel = [
    factor('ncv', '389.31', 'GJ/10⁴m³'),
    factor('carbon', '0.01532', 'tC/GJ'),
    factor('oxidation', '0.99', '1'),
  ]
  expect(factorsText({ formula: 'fuel-combustion', factors: fuel })).toBe(
    ' × 389.31 GJ/10⁴m³ × 0.01532 tC/GJ × 0.99 × 44/12',
  )
  const steam = [factor('enthalpy', '2777.9', 'kJ/kg'), factor('emission', '0.11', 'tCO2/GJ')]
  expect(factorsText({ formula: 'steam', factors: steam })).toBe(' × (2777.9 − 83.74) kJ/kg × 0.11 tCO₂/GJ')
})
