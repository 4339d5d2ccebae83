import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'

/** Light or dark: as this browser's owner chose, or as their system has it. */
export type Look = 'light' | 'dark'

interface LookControl {
  readonly look: Look
  readonly setLook: (look: Look) => void
}

const STORAGE_KEY = 'tanbiao.look'
const LookContext = createContext<LookControl>({ look: 'light', setLook: () => undefined })

function chosenLook(): Look {
  const kept = window.localStorage.getItem(STORAGE_KEY)
  if (kept === 'light' || kept === 'dark') return kept
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
}

/** @param always the look whatever was chosen, for a screen on a wall */
export function LookProvider({ always, children }: { always?: Look; children: ReactNode }): ReactNode {
  const [chosen, setChosen] = useState(chosenLook)
  const look = always ?? chosen
  useEffect(() => {
    const { dataset } = document.documentElement
    const before = dataset['look']
    dataset['look'] = look
    // Who leaves the wall has the look again that was chosen.
    return () => {
      if (before !== undefined) dataset['look'] = before
    }
  }, [look])
  const control = useMemo(
    () => ({
      look,
      setLook: (next: Look) => {
        window.localStorage.setItem(STORAGE_KEY, next)
        setChosen(next)
      },
    }),
    [look],
  )
  return <LookContext value={control}>{children}</LookContext>
}

export function useLook(): LookControl {
  return useContext(LookContext)
}
