import type { ReactNode } from 'react'
import { Traced } from './traced.tsx'

interface TileProps {
  readonly name: string
  readonly testId: string
  readonly value: string
  readonly unit: string
  /** It is not the present value any more. */
  readonly isStale?: boolean
  /** Where it is opened down to the register. */
  readonly trace?: string | undefined
  /** What is said below it. */
  readonly children?: ReactNode
}

/** A figure with its name and unit. */
export function Tile({ name, testId, value, unit, isStale = false, trace, children }: TileProps): ReactNode {
  return (
    <section className="tile" data-testid={testId}>
      <h2>{name}</h2>
      <p className={isStale ? 'tile-value live-value is-stale' : 'tile-value live-value'}>
        <Traced href={trace}>
          <span className="number">{value}</span> <span className="unit">{unit}</span>
        </Traced>
      </p>
      <div className="tile-note">{children}</div>
    </section>
  )
}
