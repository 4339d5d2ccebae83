import { useSyncExternalStore } from 'react'

const query = (): MediaQueryList => window.matchMedia('(prefers-reduced-motion: reduce)')

function onChange(changed: () => void): () => void {
  const asked = query()
  asked.addEventListener('change', changed)
  return () => asked.removeEventListener('change', changed)
}

/** Whether the owner of this browser asked for less movement; follows what they choose while the page is open. */
export function useLessMovement(): boolean {
  return useSyncExternalStore(onChange, () => query().matches)
}
