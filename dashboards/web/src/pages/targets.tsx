import { type ReactNode } from 'react'
import { Button } from 'antd'
import { targetsView } from '#accounts/targets/target-view.ts'
import '#dashboards/web/src/accounts.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { useMinute } from '#dashboards/web/src/live.ts'
import { Loading } from '#dashboards/web/src/parts/loading.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { PeakCurves } from '#dashboards/web/src/parts/peak-curves.tsx'
import { TargetPanel } from '#dashboards/web/src/parts/target-panel.tsx'
import { TargetPreview } from '#dashboards/web/src/parts/target-preview.tsx'
import { Verbatim } from '#dashboards/web/src/parts/verbatim.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

/** Targets change when a month is posted. */
const REFRESH_MS = 600_000

/** Dual control of total and intensity, for energy and carbon: where each target stands, and the way to the peak. */
export function TargetsPage(): ReactNode {
  const { t, language } = useSpeech()
  const { nowMs } = useMinute()
  const { info } = useSession()
  const enterprise = info?.enterprise ?? undefined
  const path = enterprise === undefined ? 'api/v1/targets' : `api/v1/accounts/${enterprise}/targets`
  const { data, failed, failure } = useAnswer(targetsView, path, Math.floor(nowMs / REFRESH_MS))
  return (
    <div className="stack">
      <Parts>
        <PageHead title={t('page.targets')} help={t('targets.help')}>
          {enterprise === undefined && (
            <Button href={`api/v1/targets/file?language=${language}`}>{t('report.xlsx')}</Button>
          )}
        </PageHead>
        <NotRead why={failure} />
        {data === undefined ? (
          !failed && <Loading text={t('report.loading')} />
        ) : data.targets.length === 0 ? (
          <section className="panel">
            <Nothing text={t('targets.empty')} />
          </section>
        ) : (
          <>
            <p className="panel-note">
              {t('targets.grades')} <Verbatim>{data.warnings.document}</Verbatim>
            </p>
            <div className="target-grid">
              {data.targets.map((target) => (
                <TargetPanel key={target.id} target={target} />
              ))}
            </div>
            <TargetPreview targets={data.targets} />
            {data.curves.length > 0 && <PeakCurves view={data} />}
          </>
        )}
      </Parts>
    </div>
  )
}
