import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isQuantityName } from '#contract/catalogue.ts'
import type { Reading } from '#contract/reading.ts'
import { resolutionOf, type LayoutPart } from './sample-content.ts'

/** Which quantities stand in a sample, in order: written once for the many samples that are alike. */
export interface Layout {
  readonly id: number
  readonly parts: readonly LayoutPart[]
}

/** A park has a few dozen; hostile ones must not fill memory. */
const LAYOUTS_MAX = 10_000

/** What stands in the readings of a sample. */
export function partsIn(readings: readonly Reading[]): LayoutPart[] {
  return readings.map((reading) => ({ quantity: reading.quantity, resolution: resolutionOf(reading) }))
}

/** `voltage.l1 activeEnergyImport.total@0.01`: quantities, and the resolution of a register. */
export function textOf(parts: readonly LayoutPart[]): string {
  return parts
    .map(({ quantity, resolution }) => (resolution === undefined ? quantity : `${quantity}@${resolution}`))
    .join(' ')
}

function partsOf(text: string): LayoutPart[] {
  return text.split(' ').map((part) => {
    const [quantity = '', resolution] = part.split('@')
    if (!isQuantityName(quantity)) throw new RangeError(`no quantity "${quantity}"`)
    return { quantity, resolution }
  })
}

/** True where parts are exactly those of readings[start] to readings[end − 1]. */
export function fits(
  parts: readonly LayoutPart[],
  readings: readonly Reading[],
  start: number,
  end: number,
): boolean {
  if (parts.length !== end - start) return false
  for (let place = 0; place < parts.length; place += 1) {
    const reading = readings[start + place]
    const part = parts[place]
    if (reading === undefined || part === undefined || part.quantity !== reading.quantity) return false
    if (part.resolution !== resolutionOf(reading)) return false
  }
  return true
}

/** The layouts of one file. Another process may add to them. */
export class Layouts {
  readonly #byText = new Map<string, Layout>()
  readonly #byId = new Map<number, Layout>()
  readonly #insert: StatementSync
  readonly #insertPart: StatementSync
  readonly #select: StatementSync

  constructor(database: DatabaseSync) {
    // Setting a text to itself makes SQLite return its number.
    this.#insert = database.prepare(
      'INSERT INTO layout (text) VALUES (?) ON CONFLICT DO UPDATE SET text = excluded.text RETURNING id',
    )
    this.#insertPart = database.prepare('INSERT OR IGNORE INTO layout_part VALUES (?, ?, ?, ?)')
    this.#select = database.prepare('SELECT text FROM layout WHERE id = ?')
  }

  /** The layout of a text; a new one is written down. Within a transaction. */
  named(text: string): Layout {
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const parts = partsOf(text)
    const id = Number(this.#insert.get(text)?.['id'])
    for (const [place, { quantity, resolution }] of parts.entries())
      this.#insertPart.run(quantity, id, place, resolution ?? null)
    return this.#remember({ id, parts }, text)
  }

  /** The layout of some readings of one sample, no two of one quantity. Within a transaction. */
  of(readings: readonly Reading[]): Layout {
    return this.named(textOf(partsIn(readings)))
  }

  /** A layout by its number. Throws RangeError where the file has none such. */
  get(id: number): Layout {
    const known = this.#byId.get(id)
    if (known !== undefined) return known
    const text = this.#select.get(id)?.['text']
    if (typeof text !== 'string') throw new RangeError(`no layout ${id}`)
    return this.#remember({ id, parts: partsOf(text) }, text)
  }

  /** What was new in a transaction that failed is not in the file. */
  forget(): void {
    this.#byText.clear()
    this.#byId.clear()
  }

  #remember(layout: Layout, text: string): Layout {
    if (this.#byId.size >= LAYOUTS_MAX) this.forget()
    this.#byText.set(text, layout)
    this.#byId.set(layout.id, layout)
    return layout
  }
}
