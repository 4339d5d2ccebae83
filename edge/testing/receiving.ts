import { createHash } from 'node:crypto'
import { rowsOf } from '#contract/bundle.ts'
import { readingsOf, stateMessage, uplinkMessage, type StateMessage } from '#contract/messages.ts'
import type { Reading } from '#contract/reading.ts'
import { unpack } from '#edge/compression.ts'
import type { TestBroker } from './broker.ts'

/** The server's side of gateway gw-1 of park-1: what came, in its order. */
export class Receiving {
  readonly readings: Reading[] = []
  readonly states: StateMessage[] = []

  /** Keeps what comes to this broker, and gives a receipt for each message that is stored. */
  at(broker: TestBroker): void {
    broker.heard = ({ topic, payload }) => {
      if (topic.endsWith('/state')) this.states.push(stateMessage.parse(unpack(payload)))
      else for (const row of rowsOf(payload)) this.#take(row, broker)
    }
  }

  #take(row: Uint8Array, broker: TestBroker): void {
    const batch = uplinkMessage.parse(unpack(row))
    if (batch.kind === 'readings') this.readings.push(...batch.samples.flatMap(readingsOf))
    const receipt = {
      v: 1,
      gateway: 'gw-1',
      digest: createHash('sha256').update(row).digest('hex'),
      outcome: 'stored',
      refused: 0,
      committedAtMs: Date.now(),
    }
    broker.publish('tanbiao/v1/park-1/gw-1/down/receipt', JSON.stringify(receipt))
  }

  /** The readings of a meter. */
  of(meter: string): Reading[] {
    return this.readings.filter((reading) => reading.meter === meter)
  }
}
