import type { ReactElement } from 'react'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'

interface SpokenProps {
  readonly name: TextKey
  readonly values: Readonly<Record<string, string | number>> | undefined
}

function Spoken({ name, values }: SpokenProps): string {
  return useSpeech().t(name, values)
}

/** A text that is kept by another and follows the language of the page there: the errors of a form. */
export function spoken(name: TextKey, values?: SpokenProps['values']): ReactElement {
  return <Spoken name={name} values={values} />
}
