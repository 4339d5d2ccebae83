import { memo, type ReactNode } from 'react'
import { Drawer } from 'antd'
import { Link } from 'wouter'
import type { BalanceView } from '#accounts/balance-view.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { balanceTrace } from '#dashboards/web/src/trace-paths.ts'
import { BalanceCell, balanceCellTitle } from './balance-cell.tsx'
import type { OpenCell } from './balance-grid.tsx'

interface BalanceCellDrawerProps {
  readonly view: BalanceView
  /** Undefined: the whole park. */
  readonly account: string | undefined
  readonly opened: OpenCell | undefined
  readonly open: (cell: OpenCell | undefined) => void
}

function CellDrawer({ view, account, opened, open }: BalanceCellDrawerProps): ReactNode {
  const speech = useSpeech()
  const { t } = speech
  const title = opened === undefined ? undefined : balanceCellTitle(view, opened, speech)
  return (
    <Drawer
      open={title !== undefined}
      onClose={() => open(undefined)}
      size={1080}
      destroyOnHidden
      title={title ?? ''}
      extra={
        opened !== undefined && (
          <Link href={balanceTrace(account, view.period.name, opened)}>{t('trace.open')}</Link>
        )
      }
    >
      {opened !== undefined && <BalanceCell view={view} opened={opened} open={open} />}
    </Drawer>
  )
}

/** A cell of the balance table opened beside it. */
export const BalanceCellDrawer = memo(CellDrawer)
