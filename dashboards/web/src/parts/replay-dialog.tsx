import { useState, type ReactNode } from 'react'
import { Checkbox, Input } from 'antd'
import type { z } from 'zod'
import { quarantineLine } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { NotRead } from './not-read.tsx'
import { ReasonDialog } from './reason-dialog.tsx'

type Entry = z.output<typeof quarantineLine>

/** What is asked of the server beside the reason. */
export interface ReplayWish {
  readonly reason: string
  readonly payload?: string
  readonly beyondRating?: boolean
  readonly clockWasWrong?: boolean
}

interface ReplayDialogProps {
  readonly entry: Entry
  readonly onSubmit: (wish: ReplayWish) => Promise<void>
  readonly onClose: () => void
}

/** Takes a refused payload once more: as it is, put right, or against what a waiver says. */
export function ReplayDialog({ entry: { id, refusal }, onSubmit, onClose }: ReplayDialogProps): ReactNode {
  const { t } = useSpeech()
  const [isBeyond, setBeyond] = useState(false)
  const [isClockWrong, setClockWrong] = useState(false)
  const [text, setText] = useState<string>()
  // The list has the beginning of it alone.
  const { data, failure } = useAnswer(quarantineLine, `api/v1/quarantine/${id}`, 0)
  const whole = data?.refusal.payload
  // What is no text, and what was not kept whole, cannot be put right here.
  const canEdit = data !== undefined && !data.isCut && data.refusal.encoding !== 'base64'
  const isChanged = text !== undefined && text !== whole
  return (
    <ReasonDialog
      title={t('refused.replay')}
      onClose={onClose}
      onSubmit={async (reason) =>
        onSubmit({
          reason,
          ...(isChanged ? { payload: text } : {}),
          ...(isBeyond ? { beyondRating: true } : {}),
          ...(isClockWrong ? { clockWasWrong: true } : {}),
        })
      }
    >
      <div className="stack" data-testid="replay">
        <p>{t('refused.replayNote')}</p>
        <NotRead why={failure} inPanel />
        {canEdit && (
          <details>
            <summary>{t('refused.putRight')}</summary>
            <Input.TextArea
              aria-label={t('refused.payload')}
              className="payload"
              rows={8}
              value={text ?? whole ?? ''}
              onChange={({ target }) => setText(target.value)}
            />
          </details>
        )}
        {refusal.code === 'value-beyond-rating' && (
          <Checkbox checked={isBeyond} onChange={({ target }) => setBeyond(target.checked)}>
            {t('refused.beyondRating')}
          </Checkbox>
        )}
        {refusal.code === 'time-in-future' && (
          <Checkbox checked={isClockWrong} onChange={({ target }) => setClockWrong(target.checked)}>
            {t('refused.clockWasWrong')}
          </Checkbox>
        )}
      </div>
    </ReasonDialog>
  )
}
