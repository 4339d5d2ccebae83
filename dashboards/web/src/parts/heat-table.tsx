import type { ReactNode } from 'react'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
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
  readonly colour?: (strength: number, look: Look) => string
  /** What its weakest and its strongest colour stand for. */
  readonly ends?: readonly [string, string]
}

/** What is strong stands out from the ground: dark on light, light on dark. */
const blue = (strength: number, look: Look): string =>
  look === 'light' ? `hsl(210 68% ${94 - 56 * strength}%)` : `hsl(210 62% ${20 + 52 * strength}%)`

type Colour = (strength: number) => string

function styleOf({ strength }: HeatCell, colour: Colour): { background?: string } {
  return strength === undefined || strength === null ? {} : { background: colour(strength) }
}

const STEPS = [0, 0.25, 0.5, 0.75, 1]

function HeatScale({
  ends: [least, most],
  colour,
}: {
  ends: readonly [string, string]
  colour: Colour
}): ReactNode {
  return (
    <p className="heat-scale number">
      {least}
      {STEPS.map((strength) => (
        <span key={strength} className="swatch" style={{ background: colour(strength) }} aria-hidden="true" />
      ))}
      {most}
    </p>
  )
}

/** A table whose fields are coloured by a value; what is not known is hatched, never the weakest colour. */
export function HeatTable({ label, columns, rows, colour: given = blue, ends }: HeatTableProps): ReactNode {
  const { look } = useLook()
  const colour: Colour = (strength) => given(strength, look)
  return (
    <>
      {ends !== undefined && <HeatScale ends={ends} colour={colour} />}
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
    </>
  )
}
