import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { Fault, type FaultPlace } from '#contract/fault.ts'
import { embeddedTexts } from './bundled-profiles.ts'
import { parsedTexts } from './parsed-texts.ts'

/** One thing wrong with a data file, with its place as an editor understands it. */
export interface Finding {
  readonly place: FaultPlace
  readonly message: string
}

/** A data file that failed: `findings` names every fault with file, line and column. */
export class InvalidFile extends Fault {
  readonly findings: readonly Finding[]

  constructor(file: string, findings: readonly Finding[]) {
    const first = findings[0]
    super('file-invalid', findings.map(findingText).join('\n'), { place: first?.place ?? { file } })
    this.findings = findings
  }
}

/** `file:line:column path: message` */
export function findingText({ place, message }: Finding): string {
  const position = [place.file, place.line, place.column].filter((part) => part !== undefined).join(':')
  return `${position}${place.path === undefined ? '' : ` ${place.path}`}: ${message}`
}

/** A value read from a data file, and where its parts stand in it. */
export interface DataFile<T> {
  readonly file: string
  readonly value: T
  placeOf(path: readonly PropertyKey[]): FaultPlace
}

function placeIn(
  file: string,
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): FaultPlace {
  const text = path.map(String).join('.')
  // The deepest part of the path that exists in the file: a missing key is reported at its parent.
  for (let depth = path.length; depth >= 0; depth -= 1) {
    const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
    const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined
    const start: unknown = Array.isArray(range) ? range[0] : undefined
    if (typeof start === 'number') {
      const { line, col } = lines.linePos(start)
      return { file, line, column: col, ...(text === '' ? {} : { path: text }) }
    }
  }
  return { file, line: 1, column: 1, ...(text === '' ? {} : { path: text }) }
}

function parsed(text: string): { document: Document; lines: LineCounter } {
  const lines = new LineCounter()
  return { document: parseDocument(text, { lineCounter: lines, version: '1.2' }), lines }
}

/** A text that is known to the prepared program; `undefined` for any other, and for one in which something is wrong. */
function knownData<T extends z.ZodType>(
  schema: T,
  text: string,
  file: string,
  texts: ReadonlyMap<string, string>,
): DataFile<z.output<T>> | undefined {
  if (texts.size === 0) return undefined
  const json = texts.get(createHash('sha256').update(text).digest('hex'))
  const result = json === undefined ? undefined : schema.safeParse(JSON.parse(json))
  if (result?.success !== true) return undefined
  return {
    file,
    value: result.data,
    placeOf: (path) => {
      const { document, lines } = parsed(text)
      return placeIn(file, document, lines, path)
    },
  }
}

/**
 * Parses YAML text against a schema.
 * Throws `InvalidFile` with every fault and its place; unknown and duplicate keys are faults. What `texts` hold by the
 * digest of the text is not parsed again.
 */
export function parseData<T extends z.ZodType>(
  schema: T,
  text: string,
  file: string,
  texts = parsedTexts,
): DataFile<z.output<T>> {
  const known = knownData(schema, text, file, texts)
  if (known !== undefined) return known
  const { document, lines } = parsed(text)
  if (document.errors.length > 0) {
    throw new InvalidFile(
      file,
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0])
        return { place: { file, line, column: col }, message: error.message.split('\n')[0] ?? error.message }
      }),
    )
  }
  const result = schema.safeParse(document.toJS())
  if (!result.success) {
    throw new InvalidFile(
      file,
      result.error.issues.flatMap((issue) => {
        // An unknown key is shown where it stands, not where the map begins that it stands in.
        const paths =
          issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
        return paths.map((path) => ({ place: placeIn(file, document, lines, path), message: issue.message }))
      }),
    )
  }
  return { file, value: result.data, placeOf: (path) => placeIn(file, document, lines, path) }
}

/** Whether there is such a file to read. */
export function dataExists(file: string): boolean {
  return embeddedTexts.has(file) || existsSync(file)
}

/** The text of a data file. Throws `file-unreadable`. */
export function dataText(file: string): string {
  try {
    return embeddedTexts.get(file) ?? readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('file-unreadable', `${file} cannot be read.`, { place: { file }, cause })
  }
}

/** Reads and parses a YAML file. Throws `file-unreadable` or `InvalidFile`. */
export function readData<T extends z.ZodType>(schema: T, file: string): DataFile<z.output<T>> {
  return parseData(schema, dataText(file), file)
}
