import type { ReactNode } from 'react'
import { Tag } from 'antd'
import { useSpeech, type TextKey } from '#dashboards/web/src/language.tsx'

interface Look {
  readonly text: TextKey
  readonly colour: string
}

const looks: Readonly<Record<string, Look>> = {
  verified: { text: 'confidence.verified', colour: 'green' },
  secondary: { text: 'confidence.secondary', colour: 'blue' },
  unverified: { text: 'confidence.unverified', colour: 'orange' },
  conflict: { text: 'confidence.conflict', colour: 'red' },
  own: { text: 'confidence.own', colour: 'default' },
}

/** How far a value can be trusted; what nobody has seen in print stands out. */
export function ConfidenceTag({ confidence }: { confidence: string }): ReactNode {
  const { t } = useSpeech()
  const look = looks[confidence]
  return look === undefined ? <Tag>{confidence}</Tag> : <Tag color={look.colour}>{t(look.text)}</Tag>
}
