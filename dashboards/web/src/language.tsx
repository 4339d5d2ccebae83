import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { LocalName } from '#contract/identity.ts'
import en from './i18n/en.json'
import zh from './i18n/zh-CN.json'

/** The two languages of the screens. Chinese is the first; the choice is kept in this browser. */

export type Language = keyof LocalName
export type TextKey = keyof typeof zh

const texts: Record<Language, Record<TextKey, string>> = { zh, en }
const locales: Record<Language, string> = { zh: 'zh-CN', en: 'en' }
/** Each language by its own name, whatever the language of the page. */
export const languages = [
  { label: '中文', value: 'zh' as const },
  { label: 'EN', value: 'en' as const },
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

function speak(language: Language, setLanguage: (language: Language) => void): Speech {
  return {
    language,
    locale: locales[language],
    setLanguage,
    t: (key, values = {}) =>
      texts[language][key].replaceAll(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole)),
    nameOf: (name) => name[language],
  }
}

const SpeechContext = createContext<Speech>(speak('zh', () => undefined))

function chosenLanguage(): Language {
  return window.localStorage.getItem(STORAGE_KEY) === 'en' ? 'en' : 'zh'
}

export function SpeechProvider({ children }: { children: ReactNode }): ReactNode {
  const [language, setLanguage] = useState(chosenLanguage)
  useEffect(() => {
    document.documentElement.lang = locales[language]
    window.localStorage.setItem(STORAGE_KEY, language)
  }, [language])
  const speech = useMemo(() => speak(language, setLanguage), [language])
  return <SpeechContext value={speech}>{children}</SpeechContext>
}

export function useSpeech(): Speech {
  return useContext(SpeechContext)
}
