import { memo, type ReactNode } from 'react'
import { targetsView } from '#accounts/targets/target-view.ts'
import '#dashboards/web/src/accounts.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { NotRead } from './not-read.tsx'
import { TargetPanel } from './target-panel.tsx'

function Targets({ account, year }: { account: string; year: number }): ReactNode {
  const park = useParkTree()
  // A target of the park is of all its accounts, and not of the one that is its own.
  const path = account === park.id ? undefined : `api/v1/accounts/${account}/targets`
  const { data, failure } = useAnswer(targetsView, path, 0)
  const ofCarbon = (data?.targets ?? []).filter((target) => target.of === 'carbon' && target.year === year)
  if (ofCarbon.length === 0) return <NotRead why={failure} inPanel />
  return (
    <div className="target-grid">
      {ofCarbon.map((target) => (
        <TargetPanel key={target.id} target={target} />
      ))}
    </div>
  )
}

/** An account's position against its carbon targets of a year; nothing where it has none. */
export const AccountTargets = memo(Targets)
