import { createContext, useContext, useLayoutEffect, useMemo, useState, type ReactNode } from 'react'
import type { LocalName } from '#contract/identity.ts'
import type { texts as chinese } from './i18n/zh-CN.ts'

/** The two languages of the screens. Chinese is the first; the choice is kept in this browser. */

export type Language = keyof LocalName
export type TextKey = keyof typeof chinese
type Texts = Readonly<Record<TextKey, string>>

/** A browser loads the texts that it shows, and those of the other language when they are asked for. */
const loaders: Record<Language, () => Promise<{ readonly texts: Texts }>> = {
  zh: async () => import('./i18n/zh-CN.ts'),
  en: async () => import('./i18n/en.ts'),
}
const locales: Record<Language, string> = { zh: 'zh-CN', en: 'en' }
/** Each language by its own name, whatever the language of the page. */
export const languages = [
  { label: '中文', value: 'zh' as const, locale: locales.zh },
  { label: 'EN', value: 'en' as const, locale: locales.en },
]
const STORAGE_KEY = 'tanbiao.language'

type Values = Readonly<Record<string, string | number>>

export interface Speech {
  readonly language: Language
  /** BCP 47, for Intl. */
  readonly locale: string
  readonly setLanguage: (language: Language) => void
  /** The text of a key with its {values} filled in. */
  readonly t: (key: TextKey, values?: Values) => string
  readonly nameOf: (name: LocalName) => string
}

function speak(language: Language, texts: Texts, setLanguage: (language: Language) => void): Speech {
  return {
    language,
    locale: locales[language],
    setLanguage,
    t: (key, values = {}) =>
      texts[key].replaceAll(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole)),
    nameOf: (name) => name[language],
  }
}

const SpeechContext = createContext<Speech | undefined>(undefined)

function chosenLanguage(): Language {
  return window.localStorage.getItem(STORAGE_KEY) === 'en' ? 'en' : 'zh'
}

/** A language with its texts. */
interface Spoken {
  readonly language: Language
  readonly texts: Texts
}

async function load(language: Language): Promise<Spoken> {
  return { language, texts: (await loaders[language]()).texts }
}

/** The chosen language, for the provider: nothing can be said before it is here. */
export async function chosenSpeech(): Promise<Spoken> {
  return load(chosenLanguage())
}

export function SpeechProvider({ first, children }: { first: Spoken; children: ReactNode }): ReactNode {
  const [{ language, texts }, setSpoken] = useState(first)
  // Before charts are drawn in its font.
  useLayoutEffect(() => {
    document.documentElement.lang = locales[language]
    window.localStorage.setItem(STORAGE_KEY, language)
  }, [language])
  const speech = useMemo(
    () => speak(language, texts, (next) => void load(next).then(setSpoken, globalThis.reportError)),
    [language, texts],
  )
  return <SpeechContext value={speech}>{children}</SpeechContext>
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext)
  if (speech === undefined) throw new Error('texts are asked for outside of SpeechProvider')
  return speech
}
