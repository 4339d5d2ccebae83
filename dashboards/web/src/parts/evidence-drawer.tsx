import { useState, type ReactNode } from 'react'
import { Alert, Descriptions, Drawer, Input, Table, type TableColumnsType } from 'antd'
import { slotTraceAnswer } from '#dashboards/api/account-shapes.ts'
import { meterIntervals, type Slot } from '#dashboards/api/shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { usePresent } from '#dashboards/web/src/live.ts'
import { dateText, exactText, minuteText, secondText } from '#dashboards/web/src/numbers.ts'

/** A posting's meter that is to be opened. */
export interface OpenEvidence {
  readonly entry: number
  readonly meter: string
  /** Begin of the posting's month. */
  readonly fromMs: number
}

interface SlotEvidenceProps extends OpenEvidence {
  readonly account: string
  readonly slotMs: number
}

/** One slot of a posting: its revision, and the register readings that it rests on with the batches they came in. */
function SlotEvidence({ account, entry, meter, slotMs }: SlotEvidenceProps): ReactNode {
  const { t, locale } = useSpeech()
  const { timeZone } = usePresent()
  const path = `api/v1/accounts/${account}/entries/${entry}/trace?meter=${meter}&slot=${slotMs}`
  const { data, failed } = useAnswer(slotTraceAnswer, path, 0)
  if (failed) return <Alert type="warning" showIcon title={t('failed.detail')} />
  if (data === undefined) return <p>{t('loading')}</p>
  const { slot } = data
  return (
    <Descriptions size="small" column={1} bordered data-testid="slot-evidence">
      <Descriptions.Item label={t('slot.revision')}>{slot.revision}</Descriptions.Item>
      <Descriptions.Item label={t('slot.energy')}>
        {slot.energy === null ? '—' : exactText(slot.energy)}
      </Descriptions.Item>
      {slot.readings.map(({ atMs, register, gateway, batch }) => (
        <Descriptions.Item
          key={atMs}
          label={`${dateText(atMs, locale, timeZone)} ${secondText(atMs, locale, timeZone)}`}
        >
          <span className="number">{exactText(register)}</span> · {gateway}
          {batch !== null && ` · ${t('trace.batch', { epoch: batch.epoch.slice(0, 8), seq: batch.seq })}`}
        </Descriptions.Item>
      ))}
    </Descriptions>
  )
}

interface EvidenceDrawerProps {
  readonly account: string
  readonly evidence: OpenEvidence | undefined
  readonly onClose: () => void
}

/** The ISO day of an instant in a zone. */
function isoDay(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv', { timeZone }).format(atMs)
}

function DayOfEvidence({ account, evidence }: { account: string; evidence: OpenEvidence }): ReactNode {
  const { t, locale } = useSpeech()
  const { timeZone } = usePresent()
  const [day, setDay] = useState(() => isoDay(evidence.fromMs, timeZone))
  const answer = useAnswer(meterIntervals, `api/meters/${evidence.meter}/intervals?day=${day}`, 0)
  const columns: TableColumnsType<Slot> = [
    { title: t('slot.time'), key: 'time', render: (_, { slotMs }) => minuteText(slotMs, locale, timeZone) },
    {
      title: `${t('slot.energy')} ${answer.data?.unit ?? ''}`,
      key: 'energy',
      align: 'right',
      render: (_, slot) => (slot.state === 'known' ? exactText(slot.energy) : t(`slot.${slot.state}`)),
    },
    {
      title: t('slot.method'),
      key: 'method',
      render: (_, slot) => (slot.state === 'known' ? t(`method.${slot.method}`) : '—'),
    },
  ]
  return (
    <div className="stack">
      <Input
        type="date"
        aria-label={t('trace.day')}
        value={day}
        onChange={({ target }) => {
          if (target.value !== '') setDay(target.value)
        }}
      />
      {answer.failed && <Alert type="warning" showIcon title={t('failed.detail')} />}
      <Table<Slot>
        columns={columns}
        dataSource={answer.data?.slots ?? []}
        rowKey="slotMs"
        size="small"
        pagination={false}
        loading={answer.data === undefined && !answer.failed}
        expandable={{
          expandRowByClick: true,
          expandedRowRender: ({ slotMs }) => <SlotEvidence {...evidence} account={account} slotMs={slotMs} />,
        }}
      />
    </div>
  )
}

/** From a posting to the slots of one of its meters, and from a slot to the register. */
export function EvidenceDrawer({ account, evidence, onClose }: EvidenceDrawerProps): ReactNode {
  const { t } = useSpeech()
  return (
    <Drawer
      open={evidence !== undefined}
      onClose={onClose}
      size="large"
      destroyOnHidden
      title={evidence === undefined ? '' : t('trace.title', { entry: evidence.entry, meter: evidence.meter })}
    >
      {evidence !== undefined && (
        <DayOfEvidence key={`${evidence.entry} ${evidence.meter}`} account={account} evidence={evidence} />
      )}
    </Drawer>
  )
}
