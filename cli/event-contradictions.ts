import { toDecimal } from '#contract/amount.ts'
import type { RegisterPoint } from '#contract/interval.ts'
import { eventMs, type Meter, type MeterEvent } from '#contract/park.ts'
import { quantityOf } from '#contract/quantities.ts'
import { eventContradictions, type Around, type EventContradiction } from '#intervals/event-check.ts'
import { usableSeries } from '#intervals/usable-series.ts'
import type { ReadingStore } from '#store/port.ts'
import type { FieldName } from './event-meaning.ts'

/** What speaks against an event that a person is about to enter, in words. */

const momentText = (atMs: number): string => Temporal.Instant.fromEpochMilliseconds(atMs).toString()

/** The registers that count around an event, read from the store. */
async function aroundOf(event: MeterEvent, meter: Meter, store: ReadingStore): Promise<Around> {
  const atMs = eventMs(event)
  const { quantity } = event
  if (event.kind === 'ignored') {
    const toMs = event.until === undefined ? atMs : Temporal.Instant.from(event.until).epochMilliseconds
    const found = await store.readings(meter.id, quantity, { fromMs: atMs, toMs: toMs + 1 })
    return {
      before: undefined,
      after: undefined,
      hasReadings: found.some(({ quality }) => quality !== 'bad'),
    }
  }
  const series = await usableSeries(store, meter).registerSeries(meter.id, quantity, {
    fromMs: atMs,
    toMs: atMs + 1,
  })
  const point = (reading: (typeof series)['before']): RegisterPoint | undefined =>
    reading === undefined ? undefined : { atMs: reading.atMs, register: reading.value }
  return { before: point(series.before), after: point(series.within[0] ?? series.after), hasReadings: true }
}

function wordsOf(contradiction: EventContradiction, event: MeterEvent, nameOf: FieldName): string {
  const { unit } = quantityOf(event.quantity)
  const read = ({ atMs, register }: RegisterPoint): string =>
    `${toDecimal(register)} ${unit} at ${momentText(atMs)}`
  switch (contradiction.kind) {
    case 'event': {
      const { earlier, later, clash } = contradiction
      const other = earlier === event ? later : earlier
      const name = `the ${other.kind} at ${other.at}`
      if (clash.kind === 'same-moment') return `${name} says what the register showed at this very moment`
      if (clash.kind === 'ratio')
        return `${name}: the earlier of the two leaves the factor at ${clash.left}, the later one starts from ${clash.found}`
      return `${name}: between the two the register falls from ${toDecimal(clash.from)} to ${toDecimal(clash.to)} ${unit}`
    }
    case 'before':
      return contradiction.reason === 'register-decreased'
        ? `before it ${read(contradiction.read)} were read, more than ${nameOf('final')} ${toDecimal(contradiction.stated)}`
        : `from ${read(contradiction.read)} to ${nameOf('final')} ${toDecimal(contradiction.stated)} is more than the meter’s rating allows`
    case 'after':
      return contradiction.reason === 'register-decreased'
        ? `after it ${read(contradiction.read)} were read, less than ${nameOf('initial')} ${toDecimal(contradiction.stated)}`
        : `from ${nameOf('initial')} ${toDecimal(contradiction.stated)} to ${read(contradiction.read)} is more than the meter’s rating allows`
    case 'stretch':
      return `from ${read(contradiction.from)} to ${read(contradiction.to)} it makes more than the meter’s rating allows`
    case 'explained':
      return `from ${read(contradiction.from)} to ${read(contradiction.to)} nothing waits for a decision`
    case 'unexplained':
      return `it does not explain how the register came from ${read(contradiction.from)} to ${read(contradiction.to)}`
    case 'no-readings':
      break
  }
  return 'there is no reading that could be ignored'
}

/**
 * What speaks against an event, one text each; none where nothing does. Throws what the store throws.
 *
 * @param meter as it is without the event, with everything that persons decided of it
 */
export async function contradictionsOf(
  event: MeterEvent,
  meter: Meter,
  store: ReadingStore,
  nameOf: FieldName,
): Promise<string[]> {
  // Without a register there is none that could be compared: of power and advances the other events alone speak.
  const hasRegister = meter.energyFrom !== 'power' && meter.energyFrom !== 'advances'
  const nothingRead: Around = { before: undefined, after: undefined, hasReadings: true }
  const around = hasRegister || event.kind === 'ignored' ? await aroundOf(event, meter, store) : nothingRead
  return eventContradictions(event, meter, around).map((each) => wordsOf(each, event, nameOf))
}
