import type { EpochId, GatewayId } from '#contract/identity.ts'
import type { GapRecord, ReadingsBatch, UplinkMessage } from '#contract/messages.ts'
import { pack, type Compression } from './compression.ts'
import { sha256 } from './journal-file.ts'
import { extentOf, numberOf, type EpochStart, type JournalTables } from './tables.ts'

/** One payload of the journal, as it is published. */
export interface JournalRow {
  /** Identifies the row in this journal, whatever its epoch; later rows have greater places. */
  readonly place: number
  readonly epoch: EpochId
  readonly seq: number
  /** SHA-256 of the payload, in hexadecimal digits. */
  readonly digest: string
  /** The bytes of one `UplinkMessage`; they never change after they were written. */
  readonly payload: Uint8Array
}

/** What a gap record says beside its own number. */
export type Gap = Pick<GapRecord, 'cause' | 'lost' | 'fromMs' | 'toMs' | 'meters' | 'readings'>
type Content = Pick<ReadingsBatch, 'kind' | 'samples'> | ({ readonly kind: 'gap' } & Gap)

/** A message with its number, not yet written. */
export interface Packed {
  readonly place: number
  readonly message: UplinkMessage
  readonly payload: Uint8Array
}

const LOST_NUMBER = 1

/** Writes messages as the next rows. Every call belongs into a transaction of the caller. */
export class RowWriter {
  readonly #tables: JournalTables
  readonly #epochs: readonly EpochStart[]
  readonly #gateway: GatewayId
  readonly #compression: Compression

  constructor(
    tables: JournalTables,
    epochs: readonly EpochStart[],
    { gateway, compression = 'zstd' }: { readonly gateway: GatewayId; readonly compression?: Compression },
  ) {
    this.#tables = tables
    this.#epochs = epochs
    this.#gateway = gateway
    this.#compression = compression
  }

  /** Gives a message the next number. It takes that number only when it is stored. */
  packed(content: Content): Packed {
    const place = this.#tables.identity().last_place + 1
    const numbered = numberOf(this.#epochs, place)
    const message = { v: 1, gateway: this.#gateway, ...numbered, ...content } satisfies UplinkMessage
    return { place, message, payload: pack(message, this.#compression) }
  }

  store({ place, message, payload }: Packed): JournalRow {
    const row = { place, epoch: message.epoch, seq: message.seq, digest: sha256(payload), payload }
    const extent = extentOf(message)
    this.#tables.insert(row, extent)
    this.#tables.raise({ lastPlace: place, ...(message.kind === 'gap' ? {} : { newestMs: extent.toMs }) })
    return row
  }

  gap(gap: Gap): JournalRow {
    return this.store(this.packed({ kind: 'gap', ...gap }))
  }

  /** Declares a loss of what had no number: one is given to it, and the next one to the gap record. */
  unnumberedGap(gap: Omit<Gap, 'lost'>): JournalRow {
    const place = this.#tables.identity().last_place + LOST_NUMBER
    this.#tables.raise({ lastPlace: place })
    const { epoch, seq } = numberOf(this.#epochs, place)
    return this.gap({ ...gap, lost: { epoch, firstSeq: seq, lastSeq: seq } })
  }
}
