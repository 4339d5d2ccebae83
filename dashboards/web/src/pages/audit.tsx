import { useState, type ReactNode } from 'react'
import { Alert, Button, DatePicker, Input, Space, Table, type TableColumnsType } from 'antd'
import { z } from 'zod'
import { auditShape } from '#dashboards/api/user-shapes.ts'
import '#dashboards/web/src/access.css'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { momentText } from '#dashboards/web/src/numbers.ts'
import { AccessTabs } from '#dashboards/web/src/parts/access-tabs.tsx'
import { Nothing } from '#dashboards/web/src/parts/nothing.tsx'
import { PageHead } from '#dashboards/web/src/parts/page-head.tsx'
import { useSession } from '#dashboards/web/src/session.tsx'
import { NotRead } from '#dashboards/web/src/parts/not-read.tsx'
import { Parts } from '#dashboards/web/src/parts/boundary.tsx'

type Entry = z.output<typeof auditShape>
const entries = z.array(auditShape)

/** Answers of a page hold so many; fewer are the last. */
const PAGE = 200

interface Wish {
  readonly user: string
  readonly about: string
  /** Days, both included; empty: all. */
  readonly days: readonly [string, string]
}

function queryOf({ user, about, days: [from, to] }: Wish): string {
  const given = Object.entries({ user, about, from, to }).filter(([, value]) => value !== '')
  return new URLSearchParams(given).toString()
}

/** "200 {…} {…}": the status of the answer, and what was asked with. */
const statusOf = (detail: string): string => detail.split(' ', 1)[0] ?? ''
/** Parameters and body, where there were any. */
const askedWith = (detail: string): string =>
  detail
    .slice(statusOf(detail).length + 1)
    .replace(/^\{\} /, '')
    .replace(/^null$/, '—')
const isRefusal = (detail: string): boolean => Number(statusOf(detail)) >= 400

/** Who changed what or tried to: by person, days and object, and as a file. */
export function AuditPage(): ReactNode {
  const { t, locale, language } = useSpeech()
  const timeZone = useTimeZone()
  const { info } = useSession()
  const [wish, setWish] = useState<Wish>({ user: '', about: '', days: ['', ''] })
  /** Ids before which a page begins: that of the page shown is the last. */
  const [before, setBefore] = useState<readonly number[]>([])
  const isOpen = info?.how === 'open'
  const query = queryOf(wish)
  const at = before.at(-1)
  const path = `api/v1/audit?${query}${at === undefined ? '' : `&before=${at}`}`
  const { data, failed, failure } = useAnswer(entries, isOpen ? undefined : path, 0)
  const choose = (next: Partial<Wish>): void => {
    setWish({ ...wish, ...next })
    setBefore([])
  }
  const columns: TableColumnsType<Entry> = [
    {
      title: t('audit.time'),
      key: 'time',
      render: (_, { atMs }) => <span className="number">{momentText(atMs, locale, timeZone)}</span>,
    },
    {
      title: t('audit.user'),
      key: 'user',
      render: (_, { user }) => <span translate="no">{user === '-' ? '—' : user}</span>,
    },
    {
      title: t('audit.address'),
      key: 'address',
      render: (_, { address }) => <span className="number">{address}</span>,
    },
    { title: t('audit.action'), key: 'action', render: (_, { action }) => <code>{action}</code> },
    {
      title: t('audit.status'),
      key: 'status',
      render: (_, { detail }) => (
        <span className={`state ${isRefusal(detail) ? 'is-silent' : 'is-ok'}`}>{statusOf(detail)}</span>
      ),
    },
    {
      title: t('audit.detail'),
      key: 'detail',
      render: (_, { detail }) => <code className="audit-detail">{askedWith(detail)}</code>,
    },
  ]
  const last = data?.at(-1)
  return (
    <div className="stack" data-testid="audit">
      <Parts>
        <PageHead title={t('page.audit')} help={t('audit.help')}>
          <Input.Search
            allowClear
            style={{ width: 160 }}
            placeholder={t('audit.user')}
            aria-label={t('audit.user')}
            onSearch={(user) => choose({ user: user.trim() })}
          />
          <Input.Search
            allowClear
            style={{ width: 290 }}
            placeholder={t('audit.about')}
            aria-label={t('audit.about')}
            onSearch={(about) => choose({ about: about.trim() })}
          />
          <DatePicker.RangePicker
            aria-label={t('audit.days')}
            onChange={(_, days) => choose({ days: days ?? ['', ''] })}
          />
          {!isOpen && (
            <Space.Compact>
              {(['xlsx', 'csv'] as const).map((format) => (
                <Button
                  key={format}
                  href={`api/v1/audit/file?${query}&format=${format}&language=${language}`}
                  aria-label={t(`report.${format}`)}
                >
                  {format.toUpperCase()}
                </Button>
              ))}
            </Space.Compact>
          )}
        </PageHead>
        <AccessTabs />
        {isOpen && <Alert type="info" showIcon title={t('audit.open')} />}
        <NotRead why={failure} />
        {!isOpen && (
          <section className="panel">
            <Table<Entry>
              scroll={{ x: 'max-content' }}
              rowKey="id"
              size="small"
              columns={columns}
              dataSource={data ?? []}
              loading={data === undefined && !failed}
              pagination={{ pageSize: 25, hideOnSinglePage: true, showSizeChanger: false }}
              locale={{ emptyText: <Nothing text={t('audit.none')} /> }}
            />
            <Space className="audit-pages">
              <Button disabled={at === undefined} onClick={() => setBefore(before.slice(0, -1))}>
                {t('audit.newer')}
              </Button>
              <Button
                disabled={last === undefined || (data?.length ?? 0) < PAGE}
                onClick={() => last !== undefined && setBefore([...before, last.id])}
              >
                {t('audit.older')}
              </Button>
            </Space>
          </section>
        )}
      </Parts>
    </div>
  )
}
