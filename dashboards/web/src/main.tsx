import { StrictMode, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { ConfigProvider, type ThemeConfig } from 'antd'
import enUS from 'antd/es/locale/en_US'
import zhCN from 'antd/es/locale/zh_CN'
import { chosenSpeech, SpeechProvider, useSpeech } from './language.tsx'
import { App } from './app.tsx'
import { SessionProvider } from './session.tsx'
import './page.css'

const theme: ThemeConfig = {
  token: {
    colorPrimary: '#1f6fb2',
    borderRadius: 4,
    fontSize: 13,
    fontFamily:
      '"PingFang SC", "Microsoft YaHei", "Noto Sans SC", "Noto Sans CJK SC", "WenQuanYi Micro Hei", system-ui, sans-serif',
  },
}

function Localised({ children }: { children: ReactNode }): ReactNode {
  const { language } = useSpeech()
  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={theme}>
      {children}
    </ConfigProvider>
  )
}

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <SpeechProvider first={await chosenSpeech()}>
      <Localised>
        <SessionProvider>
          <App />
        </SessionProvider>
      </Localised>
    </SpeechProvider>
  </StrictMode>,
)
