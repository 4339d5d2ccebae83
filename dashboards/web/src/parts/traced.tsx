import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useSpeech } from '#dashboards/web/src/language.tsx'

interface TracedProps {
  /** Where it is opened down to the register; undefined: it is not, on a wall or where nothing is known. */
  readonly href: string | undefined
  readonly className?: string
  readonly children: ReactNode
}

/** A figure with the way to what it rests on. */
export function Traced({ href, className = '', children }: TracedProps): ReactNode {
  const { t } = useSpeech()
  if (href === undefined) return <span className={className}>{children}</span>
  return (
    <Link href={href} className={`traced ${className}`.trimEnd()} title={t('trace.open')}>
      {children}
    </Link>
  )
}
