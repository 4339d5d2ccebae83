import type { ReactNode } from 'react'
import { ConfigProvider, type ThemeConfig } from 'antd'
import enUS from 'antd/es/locale/en_US'
import zhCN from 'antd/es/locale/zh_CN'
import { useSpeech } from '#dashboards/web/src/language.tsx'

const theme: ThemeConfig = {
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
  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={theme}>
      {children}
    </ConfigProvider>
  )
}
