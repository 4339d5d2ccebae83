import { useCallback, useState, type RefCallback } from 'react'

/** A page that is made wider or narrower is measured in steps of so much. */
const STEP_PX = 16

/** The place whose `ref` is given, and how many pixels it is wide; 0 until it is there. */
export function useWidth(): readonly [RefCallback<HTMLElement>, number] {
  const [widthPx, setWidthPx] = useState(0)
  const place = useCallback((element: HTMLElement | null) => {
    if (element === null) return undefined
    const observer = new ResizeObserver(() => {
      setWidthPx(Math.floor(element.clientWidth / STEP_PX) * STEP_PX)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [place, widthPx]
}
