import { parkDescription, type ParkDescription } from '#contract/park.ts'
import { isQuantityName, quantities, type QuantityName } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import type { ReadingsBatch } from '#contract/messages.ts'
import { samplesOf } from '#contract/messages.ts'
import { READINGS_PER_COMMIT_MAX } from '#ingest/take-group.ts'
import { PAYLOADS_PER_TURN } from '#ingest/waiting.ts'

/**
 * The load of the ingest benchmark: gateways of 20 meters with 20 quantities each, one batch per gateway and second; with
 * `TANBIAO_BENCH_GATEWAY_METERS` of as many.
 */
export const METERS = Number(process.env['TANBIAO_BENCH_GATEWAY_METERS'] ?? 20)

const instantaneous = quantities
  .filter(({ carrier, kind }) => carrier === 'electricity' && kind === 'instantaneous')
  .map(({ name }) => name)
  .slice(0, 18)
const cumulative = ['activeEnergyImport.total', 'activeEnergyExport.total'].filter(isQuantityName)
const read: readonly QuantityName[] = [...instantaneous, ...cumulative]

/** Readings in one batch. */
export const READINGS_PER_BATCH = METERS * read.length

/** Of one gateway, in a request: as ingest has them (ingest/waiting.ts, ingest/take-group.ts). */
export const BATCHES_PER_REQUEST = Math.min(
  PAYLOADS_PER_TURN,
  Math.floor(READINGS_PER_COMMIT_MAX / READINGS_PER_BATCH),
)

/** When second 0 is. */
export const LOAD_START_MS = Date.UTC(2026, 0, 1)

export const gatewayIdOf = (index: number): string => `bench-gw-${index + 1}`
const meterId = (gateway: number, index: number): string => `bench-${gateway + 1}-${index + 1}`

export function benchPark(gateways: number): ParkDescription {
  const name = { zh: '基准', en: 'benchmark' }
  return parkDescription.parse({
    id: 'bench',
    name,
    gateways: Array.from({ length: gateways }, (_, index) => ({ id: gatewayIdOf(index), name })),
    meters: Array.from({ length: gateways * METERS }, (_, index) => ({
      id: meterId(Math.floor(index / METERS), index % METERS),
      name,
      carrier: 'electricity',
      role: 'boundary',
      gateway: gatewayIdOf(Math.floor(index / METERS)),
      register: 'activeEnergyImport.total',
      ratingPerHour: 10_000,
      installed: '2025-01-01T00:00:00Z',
    })),
  })
}

/** All readings of one gateway's second. */
export function readingsAt(gateway: number, second: number): Reading[] {
  return Array.from({ length: METERS }, (_, index) => index).flatMap((index) =>
    read.map((quantity, place): Reading => {
      const identity = {
        meter: meterId(gateway, index),
        quantity,
        atMs: LOAD_START_MS + second * 1_000,
        quality: 'good',
      } as const
      // Values with a few decimals that change from second to second, as a meter's do.
      return place < instantaneous.length
        ? { ...identity, value: Math.round(1e5 * (230 + Math.sin(second / 60 + index + place))) / 1e5 }
        : { ...identity, value: { count: 1_000_000 + second * 7 + index, resolution: '0.01' } }
    }),
  )
}

export function batchAt(gateway: number, second: number): ReadingsBatch {
  return {
    v: 1,
    kind: 'readings',
    gateway: gatewayIdOf(gateway),
    epoch: (gateway + 1).toString(16).padStart(32, '0'),
    seq: second + 1,
    samples: samplesOf(readingsAt(gateway, second)),
  }
}
