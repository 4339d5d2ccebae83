import type { Statement } from '#dashboards/api/account-shapes.ts'
import type { Speech } from './language.tsx'

/** What a source of an account is called. */
export function sourceText(
  { sourceNames }: Pick<Statement, 'sourceNames'>,
  source: string,
  { nameOf }: Pick<Speech, 'nameOf'>,
): string {
  return nameOf(sourceNames[source] ?? { zh: source, en: source })
}

/** "2026-03 electricity", as a statement names a source of a month, in words. */
export function monthSourceText(
  statement: Pick<Statement, 'sourceNames'>,
  monthAndSource: string,
  speech: Pick<Speech, 'nameOf'>,
): string {
  const [month = '', source = ''] = monthAndSource.split(' ')
  return `${month} ${sourceText(statement, source, speech)}`
}
