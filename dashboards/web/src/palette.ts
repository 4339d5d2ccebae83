import type { IntervalMethod } from '#contract/interval.ts'
import type { Look } from '#dashboards/web/src/look.tsx'
import type { Carrier } from '#contract/carriers.ts'

/** Colours that carry a meaning; all others are in page.css. Chosen to stay apart for colour-blind eyes. */

/** First the park, then its enterprises in turn. */
export const seriesColours = [
  '#0b3c6f',
  '#0e9f9a',
  '#e08a1e',
  '#7a5cc4',
  '#c2476b',
  '#5b8c2a',
  '#2f7fd6',
  '#8c6d46',
]

/** The first of them is lost on dark ground. */
export const seriesColoursOn: Readonly<Record<Look, readonly string[]>> = {
  light: seriesColours,
  dark: ['#8fc1f5', ...seriesColours.slice(1)],
}

export const methodColours: Readonly<Record<IntervalMethod, string>> = {
  measured: '#1f7a8c',
  interpolated: '#7fb7be',
  integrated: '#9bbf6a',
  apportioned: '#e0a458',
  estimated: '#b36a5e',
  manual: '#7a5cc4',
}

export const scopeColours = { '1': '#c2703d', '2': '#2f7fd6' } as const

export const missingColour = '#f6d5d0'

/** What is nobody’s in particular: losses, what is not metered apart. */
export const restColour = '#8c8fa3'

/** The colour of the park itself (undefined) or of an enterprise, the same wherever it is drawn. */
export function enterpriseColour(
  enterprises: readonly { readonly id: string }[],
  id: string | undefined,
  look: Look,
): string {
  const [ofPark = restColour, ...colours] = seriesColoursOn[look]
  if (id === undefined) return ofPark
  const index = enterprises.findIndex((each) => each.id === id)
  return (index < 0 ? ofPark : colours[index % colours.length]) ?? restColour
}

/**
 * Colours of some enterprises in one picture, no two alike while there are enough: each has its own, and where an earlier one
 * has that too, the next that is free.
 */
export function coloursApart(
  enterprises: readonly { readonly id: string }[],
  ids: readonly string[],
  look: Look,
): ReadonlyMap<string, string> {
  const free = new Set(seriesColoursOn[look].slice(1))
  const chosen = new Map<string, string>()
  const take = (id: string, colour: string): void => {
    chosen.set(id, colour)
    free.delete(colour)
  }
  for (const id of ids) {
    const own = enterpriseColour(enterprises, id, look)
    if (free.has(own)) take(id, own)
  }
  for (const id of ids) {
    if (!chosen.has(id)) take(id, [...free][0] ?? enterpriseColour(enterprises, id, look))
  }
  return chosen
}

export const carrierColours: Readonly<Record<Carrier, string>> = {
  electricity: '#2f7fd6',
  naturalGas: '#e08a1e',
  steam: '#8c8fa3',
  heat: '#c2476b',
  cooling: '#3aa5c9',
  water: '#0e9f9a',
  compressedAir: '#7a8ba0',
  solidFuel: '#5d5348',
  liquidFuel: '#8c6d46',
  environment: '#5b8c2a',
  product: '#8a5fb0',
}

/** Beside the first of the series, for what is known. */
export const targetColours = { forecast: '#0e9f9a', limit: '#c2476b' } as const
