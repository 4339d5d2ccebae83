import type { ReactNode } from 'react'
import { Tag, Table, type TableColumnsType } from 'antd'
import { Link } from 'wouter'
import { meterSlot, type MeterSlot, type SlotRevisionTrace } from '#dashboards/api/trace-shapes.ts'
import { useAnswer } from '#dashboards/web/src/answers.ts'
import { dayOf } from '#dashboards/web/src/days.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { meterNames } from '#dashboards/web/src/meter-names.ts'
import { exactText, minuteText, percentText, secondText } from '#dashboards/web/src/numbers.ts'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { slotPath } from '#dashboards/web/src/register-paths.ts'
import { meterTrace } from '#dashboards/web/src/trace-paths.ts'
import { Loading } from './loading.tsx'
import { Verbatim } from './verbatim.tsx'
import { NotRead } from './not-read.tsx'

type Reading = SlotRevisionTrace['readings'][number]

function Readings({ readings, unit }: { readings: readonly Reading[]; unit: string }): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const park = useParkTree()
  const gateways = new Map(park.gateways.map(({ id, name }) => [id, name]))
  const moment = (atMs: number): string => `${dayOf(atMs, timeZone)} ${secondText(atMs, locale, timeZone)}`
  const columns: TableColumnsType<Reading> = [
    {
      title: t('trace.readAt'),
      key: 'at',
      render: (_, { atMs }) => <span className="number">{moment(atMs)}</span>,
    },
    {
      title: `${t('trace.register')} ${unit}`,
      key: 'value',
      align: 'right',
      render: (_, { value }) => <strong className="number">{exactText(value)}</strong>,
    },
    {
      title: t('gateway.one'),
      key: 'gateway',
      render: (_, { gateway }) => {
        const name = gateway === null ? undefined : gateways.get(gateway)
        return (
          <>
            {name === undefined ? '' : nameOf(name)} <Verbatim className="role">{gateway ?? '—'}</Verbatim>
          </>
        )
      },
    },
    {
      title: t('trace.epoch'),
      key: 'epoch',
      render: (_, { batch }) => <code className="trace-epoch">{batch?.epoch ?? '—'}</code>,
    },
    {
      title: t('trace.sequence'),
      key: 'seq',
      align: 'right',
      render: (_, { batch }) => <span className="number">{batch?.seq ?? '—'}</span>,
    },
    {
      title: t('trace.committed'),
      key: 'committed',
      render: (_, { batch }) => (
        <span className="number">{batch === null ? t('trace.noBatch') : moment(batch.committedAtMs)}</span>
      ),
    },
  ]
  return (
    <Table<Reading>
      columns={columns}
      dataSource={[...readings]}
      rowKey="atMs"
      size="small"
      pagination={false}
      scroll={{ x: 'max-content' }}
    />
  )
}

interface RevisionProps {
  readonly slot: MeterSlot
  readonly revision: SlotRevisionTrace
  readonly isUsed: boolean
}

function Revision({ slot, revision, isUsed }: RevisionProps): ReactNode {
  const { t, locale, nameOf } = useSpeech()
  const timeZone = useTimeZone()
  const names = meterNames(useParkTree())
  const { energy, method, basis, coverage, cause, formula, entry, readings, inputs } = revision
  return (
    <section className="trace-revision" data-testid={`revision-${revision.revision}`}>
      <h4>
        {t('trace.revision', { revision: revision.revision })}{' '}
        {isUsed && <Tag color="blue">{t('trace.used')}</Tag>}
      </h4>
      <p>
        {energy === null ? (
          <span className="slot-missing">
            {t('slot.missing')}
            {cause !== null && ` · ${t(`cause.${cause}`)}`}
          </span>
        ) : (
          <>
            <strong className="number">{exactText(energy)}</strong> {slot.unit}
            {basis !== null && ` = ${t(`basis.${basis}`)}`}
            {method !== null && ` · ${t(`method.${method}`)}`}
            {coverage !== null && ` · ${t('slot.coverage')} ${percentText(coverage, locale)}`}
          </>
        )}
      </p>
      {formula !== null && (
        <p>
          {t('account.formula')} <code>{formula}</code>
        </p>
      )}
      {entry !== null && (
        <p>
          {t('trace.entry')} <code className="trace-epoch">{entry}</code>
        </p>
      )}
      {readings.length > 0 && <Readings readings={readings} unit={slot.unit} />}
      {inputs.length > 0 && (
        <ul className="plain-list">
          {inputs.map((input) => (
            <li key={`${input.meter} ${input.slotMs}`}>
              <Link href={meterTrace(input.meter, dayOf(input.slotMs, timeZone), input.slotMs)}>
                {nameOf(names.get(input.meter) ?? { zh: input.meter, en: input.meter })}{' '}
                {minuteText(input.slotMs, locale, timeZone)}
              </Link>{' '}
              {t('trace.revision', { revision: input.revision })}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

interface SlotRevisionsProps {
  readonly meter: string
  readonly quantity: string | undefined
  readonly slotMs: number
  /** The revision that the traced figure rests on; undefined: the newest. */
  readonly used: number | undefined
}

/** All revisions of a slot, each down to readings with gateway, epoch and sequence. */
export function SlotRevisions({ meter, quantity, slotMs, used }: SlotRevisionsProps): ReactNode {
  const { t, locale } = useSpeech()
  const timeZone = useTimeZone()
  const { data, failed, failure } = useAnswer(meterSlot, slotPath(meter, slotMs, quantity), 0)
  return (
    <section className="panel" data-testid="slot-revisions">
      <h2>
        {t('trace.slot')}{' '}
        <small>{`${dayOf(slotMs, timeZone)} ${minuteText(slotMs, locale, timeZone)}`}</small>
      </h2>
      <NotRead why={failure} />
      {data === undefined ? (
        !failed && <Loading text={t('loading')} />
      ) : data.revisions.length === 0 ? (
        <p className="slot-missing">{t('trace.neverComputed')}</p>
      ) : (
        data.revisions.map((revision, index) => (
          <Revision
            key={revision.revision}
            slot={data}
            revision={revision}
            isUsed={used === undefined ? index === 0 : revision.revision === used}
          />
        ))
      )}
    </section>
  )
}
