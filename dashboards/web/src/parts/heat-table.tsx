import type { ReactNode } from 'react'
import { Scrollable } from './scrollable.tsx'

/** One field of the table: how strong, and what is said of it. */
export interface HeatCell {
  /** 0 to 1; null: nothing is known. Undefined: there is no such field. */
  readonly strength: number | null | undefined
  readonly text: string
}

interface HeatTableProps {
  readonly label: string
  readonly columns: readonly string[]
  readonly rows: readonly {
    readonly name: ReactNode
    readonly key: string
    readonly cells: readonly HeatCell[]
  }[]
  /** From weak to strong. */
  readonly colour?: (strength: number) => string
}

const blue = (strength: number): string => `hsl(210 68% ${94 - 56 * strength}%)`

function styleOf({ strength }: HeatCell, colour: (strength: number) => string): { background?: string } {
  return strength === undefined || strength === null ? {} : { background: colour(strength) }
}

/** A table whose fields are coloured by a value; what is not known is hatched, never the weakest colour. */
export function HeatTable({ label, columns, rows, colour = blue }: HeatTableProps): ReactNode {
  return (
    <Scrollable className="heat-scroll" label={label}>
      <table className="heat" aria-label={label}>
        <thead>
          <tr>
            <td />
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, key, cells }) => (
            <tr key={key}>
              <th scope="row">{name}</th>
              {cells.map((cell, index) => (
                <td
                  key={columns[index]}
                  className={cell.strength === null ? 'is-missing' : ''}
                  style={styleOf(cell, colour)}
                  title={cell.text}
                  aria-label={cell.text}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  )
}
