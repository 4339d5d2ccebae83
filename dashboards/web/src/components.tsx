import type { ReactNode } from 'react'
import { ConfigProvider, theme, type ThemeConfig } from 'antd'
import enUS from 'antd/es/locale/en_US'
import zhCN from 'antd/es/locale/zh_CN'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useLook } from '#dashboards/web/src/look.tsx'

const tokens: ThemeConfig = {
  token: {
    colorPrimary: '#1f6fb2',
    borderRadius: 4,
    fontSize: 13,
    fontFamily:
      '"PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", "WenQuanYi Micro Hei", system-ui, sans-serif',
  },
}

/**
 * What stands around everything that is made of Ant Design's components: their look and their own texts. The overview
 * and the shell are made without them, so that values are on the screen before these are loaded: through `later.tsx`.
 */
export function Components({ children }: { children: ReactNode }): ReactNode {
  const { language } = useSpeech()
  const { look } = useLook()
  const algorithm = look === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm
  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={{ ...tokens, algorithm }}>
      {children}
    </ConfigProvider>
  )
}
