import { format } from 'echarts/core'

/** What is said beside the pointer on the energy flow: of a flow both ends, of a node its name. The chart takes it as HTML. */
export function flowTip(ends: readonly string[], amount: string): string {
  return `${ends.map((end) => format.encodeHTML(end)).join(' → ')}<br>${format.encodeHTML(amount)}`
}
