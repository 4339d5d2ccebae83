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

/** Keys in the order of their code units. */
function orderedKeys(value: object): string[] {
  const keys = Object.keys(value)
  for (let index = 1; index < keys.length; index += 1) {
    if ((keys[index - 1] ?? '') > (keys[index] ?? '')) return keys.toSorted()
  }
  return keys
}

/**
 * The one JSON text of a value: keys in the order of their code units, nothing between the parts, so that equal values
 * have equal texts and equal hashes (RFC 8785 for what we write: no floats, no lone surrogates). Keys whose value is
 * undefined are left out.
 */
export function canonicalText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) {
    let text = '['
    for (let index = 0; index < value.length; index += 1)
      text += index === 0 ? canonicalText(value[index]) : `,${canonicalText(value[index])}`
    return `${text}]`
  }
  let text = '{'
  for (const key of orderedKeys(value)) {
    const part: unknown = Reflect.get(value, key)
    if (part === undefined) continue
    text += `${text === '{' ? '' : ','}${keyText(key)}${canonicalText(part)}`
  }
  return `${text}}`
}
