import { dataOption, text } from './options.ts'

/** What the verbs share that look into the books of a server or decide something there. */

/** Options of the verbs that look into the books. */
export const booksOptions = {
  data: dataOption,
}

/** Who decides, and why. */
export const personOptions = {
  by: text.meta({ description: 'Your name: it stays with the decision' }),
  reason: text.meta({ description: 'Why: it stays with the decision' }),
}

/** An instant for a table: to the second, UTC. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}
