import type { ReactNode } from 'react'
import { Button, Typography } from 'antd'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import '#dashboards/web/src/trace.css'
import { PageHead } from './page-head.tsx'

/** The steps from a figure to the register, in order. */
const steps = ['formula', 'slots', 'registers'] as const
export type TraceStep = (typeof steps)[number]

interface TraceHeadProps {
  readonly title: string
  /** How far down this page is. */
  readonly step: TraceStep
}

/** What is traced, how far down this is, and its address for whoever is to check it. */
export function TraceHead({ title, step }: TraceHeadProps): ReactNode {
  const { t } = useSpeech()
  const at = steps.indexOf(step)
  return (
    <>
      <PageHead title={title} help={t('trace.help')}>
        <Button onClick={() => window.history.back()}>{t('trace.back')}</Button>
        <Typography.Text
          className="trace-link"
          copyable={{ text: () => window.location.href, tooltips: [t('trace.copy'), t('trace.copied')] }}
        >
          {t('trace.link')}
        </Typography.Text>
      </PageHead>
      <ol className="trace-steps" aria-label={t('trace.steps')}>
        {steps.map((name, index) => (
          <li
            key={name}
            className={index <= at ? 'is-reached' : ''}
            aria-current={index === at ? 'step' : undefined}
          >
            {t(`trace.step.${name}`)}
          </li>
        ))}
      </ol>
    </>
  )
}
