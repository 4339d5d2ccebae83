import { useMemo, type ReactNode } from 'react'
import { ConfigProvider, theme, type ThemeConfig } from 'antd'
import type { Locale } from 'antd/es/locale'
import enUS from 'antd/es/locale/en_US'
import zhCN from 'antd/es/locale/zh_CN'
import 'dayjs/locale/zh-cn'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useLook, type Look } from '#dashboards/web/src/look.tsx'
import { useLessMovement } from '#dashboards/web/src/movement.ts'
import './components.css'

/** As page.css has them, for both looks. */
const colours = {
  light: {
    colorPrimary: '#1f6fb2',
    // White letters stay readable under the pointer.
    colorPrimaryHover: '#2877b8',
    colorError: '#c0392b',
    colorLink: '#1b5f9c',
    colorTextDescription: '#57667f',
    colorTextPlaceholder: '#667288',
    colorTextDisabled: '#667288',
  },
  dark: {
    colorPrimary: '#2a72ae',
    colorPrimaryHover: '#3877ac',
    colorError: '#ff7a6b',
    colorLink: '#6fb3f2',
    colorTextDescription: '#a3b3ca',
    colorTextPlaceholder: '#8f9fb6',
    colorTextDisabled: '#8f9fb6',
    colorBgContainer: '#122036',
    colorBgElevated: '#17283f',
    colorBgLayout: '#0a1422',
    colorBorderSecondary: '#263a57',
  },
} as const

const algorithms = { light: theme.defaultAlgorithm, dark: theme.darkAlgorithm } as const

function themeOf(look: Look, motion: boolean): ThemeConfig {
  return {
    algorithm: algorithms[look],
    token: {
      ...colours[look],
      borderRadius: 4,
      fontSize: 13,
      fontFamily: 'var(--font)',
      // Without it nothing waits for the end of a movement that never begins.
      motion,
    },
  }
}

/** The buttons of a calendar that show a year or a month are called what they show. */
function withShownNames(locale: Locale): Locale {
  const { DatePicker } = locale
  if (DatePicker === undefined) return locale
  const lang = { ...DatePicker.lang, yearSelect: '', monthSelect: '', decadeSelect: '' }
  return { ...locale, DatePicker: { ...DatePicker, lang } }
}

const locales = { zh: withShownNames(zhCN), en: withShownNames(enUS) } as const

/**
 * What stands around everything that is made of Ant Design's components: their look and their own texts. The overview
 * and the shell are made without them, so that values are on the screen before these are loaded: through `later.tsx`.
 */
export function Components({ children }: { children: ReactNode }): ReactNode {
  const { language } = useSpeech()
  const { look } = useLook()
  const motion = !useLessMovement()
  const tokens = useMemo(() => themeOf(look, motion), [look, motion])
  return (
    <ConfigProvider
      locale={locales[language]}
      theme={tokens}
      // Two characters on a button are a word like any other.
      button={{ autoInsertSpace: false }}
      wave={{ disabled: !motion }}
    >
      {children}
    </ConfigProvider>
  )
}
