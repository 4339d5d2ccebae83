import { createContext } from 'react'

/** How much larger than on a desk charts are drawn: their texts are in pixels, which a wall of many pixels shrinks. */
export const ChartScaleContext = createContext(1)
