/** Keys as JSON writes them: there are few, and they come again and again. */
const keyTexts = new Map<string, string>()
/** More than all keys of ours; beyond it they are written anew each time. */
const KEY_TEXTS_MAX = 1_000

function keyText(key: string): string {
  const known = keyTexts.get(key)
  if (known !== undefined) return known
  const text = `${JSON.stringify(key)}:`
  if (keyTexts.size < KEY_TEXTS_MAX) keyTexts.set(key, text)
  return text
}

/** Any object can be asked for any key. */
const isKeyed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Keys in the order of their code units. */
function orderedKeys(value: object): string[] {
  const keys = Object.keys(value)
  for (let index = 1; index < keys.length; index += 1) {
    if ((keys[index - 1] ?? '') > (keys[index] ?? '')) return keys.toSorted()
  }
  return keys
}

/** Letters that JSON writes as they are; others may need an escape, which is for JSON to say. */
const PLAIN = /^[ !#-[\]-~\u{a0}-\u{d7ff}]*$/u

const textOfString = (value: string): string => (PLAIN.test(value) ? `"${value}"` : JSON.stringify(value))

/** Texts of objects that never change: `settled`. */
const settledTexts = new WeakMap<object, string>()

/** Freezes a flat object whose text is needed again and again, so that it is written once. */
export function settled<T extends object>(value: T): T {
  settledTexts.set(Object.freeze(value), canonicalText(value))
  return value
}

/**
 * The one JSON text of a value: keys in the order of their code units, nothing between the parts, so that equal values
 * have equal texts and equal hashes (RFC 8785 for what we write: no floats, no lone surrogates). Keys whose value is
 * undefined are left out.
 */
export function canonicalText(value: unknown): string {
  if (typeof value === 'string') return textOfString(value)
  if (Number.isSafeInteger(value)) return String(value)
  if (Array.isArray(value)) {
    let text = '['
    for (let index = 0; index < value.length; index += 1)
      text += index === 0 ? canonicalText(value[index]) : `,${canonicalText(value[index])}`
    return `${text}]`
  }
  return isKeyed(value) ? (settledTexts.get(value) ?? textOfObject(value)) : JSON.stringify(value)
}

function textOfObject(value: Readonly<Record<string, unknown>>): string {
  let text = '{'
  for (const key of orderedKeys(value)) {
    const part = value[key]
    if (part === undefined) continue
    text += `${text === '{' ? '' : ','}${keyText(key)}${canonicalText(part)}`
  }
  return `${text}}`
}

const hasPart = (value: Readonly<Record<string, unknown>>, key: string): boolean => value[key] !== undefined

/** True where two values have the same canonical text; neither is written for it. */
export function isSameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!isKeyed(a) || !isKeyed(b)) return false
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((each, index) => isSameContent(each, b[index]))
  }
  return (
    Object.keys(a).every((key) => isSameContent(a[key], b[key])) &&
    Object.keys(b).every((key) => !hasPart(b, key) || hasPart(a, key))
  )
}
