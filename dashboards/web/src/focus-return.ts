import { useEffect, useState } from 'react'

/** Where the keyboard was when a dialog was opened has it again when that is gone. */
export function useFocusReturn(): void {
  const [before] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    },
    [before],
  )
}
