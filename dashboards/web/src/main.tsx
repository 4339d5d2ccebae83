import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { chosenSpeech, SpeechProvider } from './language.tsx'
import { LookProvider } from './look.tsx'
import { SessionProvider } from './session.tsx'
import { Boundary } from './parts/boundary.tsx'
import './page.css'
import './day.css'

const root = document.getElementById('root')
if (root === null) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <SpeechProvider first={await chosenSpeech()}>
      <LookProvider>
        <SessionProvider>
          <Boundary>
            <App />
          </Boundary>
        </SessionProvider>
      </LookProvider>
    </SpeechProvider>
  </StrictMode>,
)
