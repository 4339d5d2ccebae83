import type { ReactNode } from 'react'
import { Spin } from 'antd'

/** Something is on its way. */
export function Loading({ text }: { text: string }): ReactNode {
  return (
    <div className="loading" role="status">
      <Spin />
      <p>{text}</p>
    </div>
  )
}
