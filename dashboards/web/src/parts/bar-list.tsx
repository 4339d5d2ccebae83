import type { ReactNode } from 'react'

export interface Bar {
  readonly key: string
  readonly name: string
  readonly text: string
  /** 0 to 1 of the longest. */
  readonly share: number
  /** Undefined: that of bars. */
  readonly colour?: string
}

/** Names with their figures, each above a bar. */
export function BarList({ bars }: { bars: readonly Bar[] }): ReactNode {
  return (
    <ul className="bar-list">
      {bars.map(({ key, name, text, share, colour }) => (
        <li key={key}>
          <span>{name}</span>
          <span className="number">{text}</span>
          <span className="bar" aria-hidden="true">
            <span
              style={{
                width: `${Math.max(0, Math.min(1, share)) * 100}%`,
                ...(colour === undefined ? {} : { background: colour }),
              }}
            />
          </span>
        </li>
      ))}
    </ul>
  )
}
