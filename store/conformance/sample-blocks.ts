import { samplesOf, type Sample } from '#contract/messages.ts'
import { quantities } from '#contract/quantities.ts'
import type { Reading } from '#contract/reading.ts'
import { SampleBlock, type BlockSample } from '#contract/sample-block.ts'

/** A number that a block can hold: one that is written without exponent, and not −0. */
export const isPlainNumber = (value: number): boolean =>
  !Object.is(value, -0) && /^-?\d+(?:\.\d+)?$/.test(String(value))

/** A reading that a block can hold. */
export const isPlain = (reading: Reading): boolean =>
  reading.quality === 'bad' || typeof reading.value !== 'number' || isPlainNumber(reading.value)

/** Samples as a block, as ingest makes one of a payload. */
export function blockOf(samples: readonly Sample[]): SampleBlock {
  const text = Buffer.from(JSON.stringify({ samples }))
  const words: string[] = []
  const wordOf = (word: string): number => (words.includes(word) ? words.indexOf(word) : words.push(word) - 1)
  const rows: { place: number; from: number; characters: number; word: number }[] = []
  const placeOf = (name: string): number => quantities.findIndex((quantity) => quantity.name === name)
  let searched = 0
  const placed = samples.map(({ meter, atMs, quality, values, bad = {} }): BlockSample => {
    const first = rows.length
    searched = text.indexOf('"values":{', searched) + 1
    for (const [name, value] of Object.entries(values)) {
      const begin = `"${name}":`
      searched = text.indexOf(begin, searched) + begin.length
      const isCount = typeof value !== 'number'
      const number = String(isCount ? value[0] : value)
      rows.push({
        place: placeOf(name),
        from: isCount ? searched + 1 : searched,
        characters: number.length,
        word: isCount ? wordOf(value[1]) : 0,
      })
    }
    const firstBad = rows.length
    for (const [name, cause] of Object.entries(bad))
      rows.push({ place: placeOf(name), from: 0, characters: 0, word: wordOf(cause) })
    return { meter, atMs, quality, first, bad: firstBad, end: rows.length }
  })
  return new SampleBlock({
    text,
    view: new DataView(text.buffer, text.byteOffset, text.length),
    samples: placed,
    quantities: Uint16Array.from(rows, ({ place }) => place),
    from: Uint32Array.from(rows, ({ from }) => from),
    characters: Uint8Array.from(rows, ({ characters }) => characters),
    word: Uint8Array.from(rows, ({ word }) => word),
    words,
  })
}

/** Readings as a block; those of a meter and moment stand together in it. */
export const blockOfReadings = (readings: readonly Reading[]): SampleBlock => blockOf(samplesOf(readings))
