import { useSyncExternalStore } from 'react'

/** A phone held upright, as the style sheets mean it. */
const narrow = window.matchMedia('(max-width: 640px)')

function onTurn(turned: () => void): () => void {
  narrow.addEventListener('change', turned)
  return () => narrow.removeEventListener('change', turned)
}

/** True on a screen as narrow as a phone's. */
export function useNarrow(): boolean {
  return useSyncExternalStore(onTurn, () => narrow.matches)
}
