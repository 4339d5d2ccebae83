/**
 * The one JSON text of a value: keys in the order of their code units, nothing between the parts, so that equal values
 * have equal texts and equal hashes (RFC 8785 for what we write: no floats, no lone surrogates). Keys whose value is
 * undefined are left out.
 */
export function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const parts: string[] = []
  for (const key of Object.keys(value).toSorted()) {
    const part: unknown = Reflect.get(value, key)
    if (part !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalText(part)}`)
  }
  return `{${parts.join(',')}}`
}
