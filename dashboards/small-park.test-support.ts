import { NO_SLOTS, sumOfSlot, type PlacedSum } from '#contract/energy-sum.ts'
import { partsOf, rollUp } from '#intervals/rollup.ts'
import { SLOT_MS, slotStart, type Period } from '#contract/grid.ts'
import type { CommitRecord } from '#contract/commit.ts'
import type { Boundary, RecordedInterval } from '#contract/interval.ts'
import type { StateMessage } from '#contract/messages.ts'
import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import type { QuantityName } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import type { PublishedConfiguration } from '#store/fleet-port.ts'
import type { BooksCounts, EnteredRecord } from '#store/port.ts'
import type { BooksView, ReadingSource } from './sources.ts'

/** What the tests of this room stand on: a small park, and store and books that keep everything in memory. */

const installed = '2026-01-01T00:00:00+08:00'
const electric = {
  carrier: 'electricity',
  register: 'activeEnergyImport.total',
  power: 'activePower.total',
  installed,
}

/** Two enterprises, PV, gas and water behind two gateways: every branch of the tree and every carrier of the tiles. */
export const smallPark: Park = indexPark(
  parkDescription.parse({
    id: 'binhai',
    name: { zh: '滨海新材料产业园', en: 'Binhai Materials Park' },
    gateways: [
      { id: 'gw-east', name: { zh: '东区配电房网关', en: 'East substation gateway' } },
      { id: 'gw-west', name: { zh: '西区配电房网关', en: 'West substation gateway' } },
    ],
    meters: [
      {
        id: 'park-incoming',
        name: { zh: '园区 10 kV 总进线', en: 'Park 10 kV incomer' },
        role: 'boundary',
        gateway: 'gw-east',
        ratingPerHour: 20_000,
        ...electric,
      },
    ],
    enterprises: [
      {
        id: 'forge',
        name: { zh: '锻造厂', en: 'Forge' },
        industry: '3393 锻件及粉末冶金制品制造',
        meters: [
          {
            id: 'forge-main',
            name: { zh: '锻造厂进线', en: 'Forge incomer' },
            role: 'boundary',
            gateway: 'gw-east',
            upstream: 'park-incoming',
            ratingPerHour: 5_000,
            ...electric,
          },
          {
            id: 'forge-gas',
            name: { zh: '锻造厂燃气总表', en: 'Forge gas meter' },
            carrier: 'naturalGas',
            role: 'boundary',
            gateway: 'gw-east',
            register: 'gasVolumeStandard',
            power: 'gasFlowStandard',
            ratingPerHour: 400,
            installed,
          },
          {
            id: 'forge-pv',
            name: { zh: '锻造厂屋顶光伏', en: 'Forge rooftop PV' },
            role: 'production',
            gateway: 'gw-east',
            ratingPerHour: 800,
            ...electric,
          },
        ],
        processes: [
          {
            id: 'forging',
            name: { zh: '锻压车间', en: 'Forging shop' },
            meters: [
              {
                id: 'forging-shop',
                name: { zh: '锻压车间总表', en: 'Forging shop meter' },
                role: 'submeter',
                gateway: 'gw-east',
                upstream: 'forge-main',
                ratingPerHour: 3_000,
                ...electric,
              },
            ],
            equipment: [
              {
                id: 'press-1',
                name: { zh: '1# 压力机', en: 'Press 1' },
                meters: [
                  {
                    id: 'press-1-meter',
                    name: { zh: '1# 压力机电表', en: 'Press 1 meter' },
                    role: 'terminal',
                    gateway: 'gw-east',
                    upstream: 'forging-shop',
                    ratingPerHour: 1_600,
                    ...electric,
                  },
                ],
              },
            ],
          },
        ],
      },
      {
        id: 'chemical',
        name: { zh: '精细化工厂', en: 'Fine chemicals works' },
        meters: [
          {
            id: 'chemical-main',
            name: { zh: '化工厂进线', en: 'Chemicals incomer' },
            role: 'boundary',
            gateway: 'gw-west',
            upstream: 'park-incoming',
            ratingPerHour: 4_000,
            ...electric,
          },
          {
            id: 'chemical-water',
            name: { zh: '化工厂水表', en: 'Chemicals water meter' },
            carrier: 'water',
            role: 'boundary',
            gateway: 'gw-west',
            register: 'waterVolume',
            ratingPerHour: 120,
            installed,
          },
        ],
      },
    ],
  }),
)

const inPeriod = (atMs: number, { fromMs, toMs }: Period): boolean => atMs >= fromMs && atMs < toMs

/** Readings in memory; while `fault` is set, asking fails as at an unreachable server. */
export class MemoryReadings implements ReadingSource {
  readonly #readings = new Map<string, Reading>()
  fault: Error | undefined
  /** How often the newest readings were asked for. */
  latestReads = 0

  async append(readings: readonly Reading[]): Promise<void> {
    for (const reading of readings) {
      this.#readings.set(`${reading.meter} ${reading.quantity} ${reading.atMs}`, reading)
    }
  }

  async readings(meter: string, quantity: QuantityName, period: Period): Promise<readonly Reading[]> {
    return this.#all().filter(
      (each) => each.meter === meter && each.quantity === quantity && inPeriod(each.atMs, period),
    )
  }

  async latest(meters: readonly string[]): Promise<readonly Reading[]> {
    this.latestReads += 1
    const newest = new Map(
      this.#all()
        .filter((each) => meters.includes(each.meter))
        .map((each) => [`${each.meter} ${each.quantity}`, each]),
    )
    return [...newest.values()]
  }

  #all(): Reading[] {
    if (this.fault !== undefined) throw this.fault
    return [...this.#readings.values()].toSorted((a, b) => a.atMs - b.atMs)
  }
}

/** Books in memory; a test writes into its fields what their owner would have entered. */
export class MemoryBooks implements BooksView {
  entered: RecordedInterval[] = []

  intervals(meter: string, quantity: QuantityName, period: Period): readonly RecordedInterval[] {
    return this.entered.filter(
      (each) => each.meter === meter && each.quantity === quantity && inPeriod(each.slotMs, period),
    )
  }
  revisions(meter: string, quantity: QuantityName, slotMs: number): readonly RecordedInterval[] {
    return this.intervals(meter, quantity, { fromMs: slotMs, toMs: slotMs + 1 })
  }
  daySums(meter: string, quantity: QuantityName, period: Period): readonly PlacedSum[] {
    const slots = this.intervals(meter, quantity, period).map((interval) => ({
      fromMs: interval.slotMs,
      sum: sumOfSlot(interval),
    }))
    return rollUp(slots, partsOf('day', period, 'Asia/Shanghai')).flatMap(({ fromMs, sum }) =>
      sum === NO_SLOTS ? [] : { fromMs, sum },
    )
  }
  sumsOver(...asked: Parameters<BooksView['sumsOver']>): readonly PlacedSum[] {
    return this.daySums(...asked)
  }
  holes = (): readonly never[] => []
  gaps = (): readonly never[] => []
  quarantine = (): readonly never[] => []
  quarantineOverflow = (): readonly never[] => []
  reusedNumbers = (): readonly never[] => []
  quarantineEntry = (): undefined => undefined
  unfilledGaps = (): readonly never[] => []
  remarks = (): readonly never[] => []
  alarms = (): readonly never[] => []
  alarm = (): undefined => undefined
  published: PublishedConfiguration[] = []
  publishedConfigurations = (): readonly PublishedConfiguration[] => this.published
  counts = (): BooksCounts => ({
    gaps: 0,
    openGaps: { batches: 0, declared: 0, gateway: 0, meter: 0, undecided: 0, late: 0 },
    missingBatches: 0,
    quarantined: 0,
    daysToCopy: 0,
    dirtyWindows: 0,
    oldestDirtyMs: undefined,
    revisionsWritten: 0,
  })
  gapEntries = (): readonly never[] => []
  gapEntriesOf = (): readonly never[] => []
  meterEntries = (): readonly never[] => []
  produced: EnteredRecord[] = []
  records = (): readonly EnteredRecord[] => this.produced
}

/** A known interval whose register advances from `openingCount` by `count`, in steps of 0.01. */
export function knownInterval(
  meter: string,
  quantity: QuantityName,
  slotMs: number,
  openingCount: number,
  count: number,
): Extract<RecordedInterval, { basis: 'register' }> {
  const boundary = (atMs: number, at: number): Boundary => {
    const register = { count: at, resolution: '0.01' }
    return { atMs, register, method: 'measured', before: { atMs, register }, after: { atMs, register } }
  }
  return {
    meter,
    quantity,
    slotMs,
    state: 'known',
    basis: 'register',
    energy: { count, resolution: '0.01' },
    method: 'measured',
    coverage: 1,
    opening: boundary(slotMs, openingCount),
    closing: boundary(slotMs + SLOT_MS, openingCount + count),
    simulated: false,
    uncertain: false,
    undecided: [],
    revision: 1,
  }
}

/** The commit record of a batch with readings of these meters at one moment. */
export function commitOf(gateway: string, meters: readonly string[], atMs: number): CommitRecord {
  return {
    gateway,
    epoch: '0'.repeat(32),
    seq: slotStart(atMs) / SLOT_MS,
    digest: 'a'.repeat(64),
    committedAtMs: atMs,
    stored: meters.length,
    touched: meters.map((meter) => ({ meter, fromMs: atMs, toMs: atMs })),
    refused: [],
  }
}

export function stateOf(gateway: string, kind: StateMessage['kind'], atMs: number): StateMessage {
  const reasons = { birth: 'connected', state: 'periodic', death: 'connection-lost' } as const
  return { v: 1, gateway, kind, atMs, epoch: '0'.repeat(32), reason: reasons[kind] }
}
