import type { Sample } from '#contract/messages.ts'

/** A sample with one value, as one answer of a meter brings it. */
export function frequencyAt(atMs: number, { meter = 'm1', value = 50 } = {}): Sample {
  return { meter, atMs, quality: 'good', values: { frequency: value } }
}

/** A sample of a register that counts hundredths of a kWh. */
export function energyAt(atMs: number, meter = 'm1', count = atMs): Sample {
  return { meter, atMs, quality: 'good', values: { 'activeEnergyImport.total': [count, '0.01'] } }
}
