import { useState, type ReactNode } from 'react'
import { Checkbox, Form, Input, InputNumber, Modal, Select } from 'antd'
import { scheduledKinds, WHOLE_PARK, type ScheduledKind } from '#contract/report-schedule.ts'
import type { ScheduleLine } from '#dashboards/api/scheduled-shapes.ts'
import { refusalOf, type Refusal } from '#dashboards/web/src/fault-text.ts'
import { useFocusReturn } from '#dashboards/web/src/focus-return.ts'
import { useSpeech } from '#dashboards/web/src/language.tsx'
import { useParkTree } from '#dashboards/web/src/park-context.tsx'
import { RefusalAlert } from './refusal-alert.tsx'
import { spoken } from './spoken.tsx'

/** A schedule as it is asked for; a change leaves out `id` and `every`. */
export interface ScheduleWish {
  readonly id?: string
  readonly every?: 'month' | 'quarter' | 'year'
  readonly day: number
  readonly at: string
  readonly reports: readonly ScheduledKind[]
  /** Null: the whole park and all accounts. */
  readonly of: readonly string[] | null
  readonly language: 'zh' | 'en'
  readonly mailTo: readonly string[] | null
}

interface Fields extends Omit<ScheduleWish, 'of' | 'mailTo'> {
  readonly of?: readonly string[]
  readonly mailTo?: readonly string[]
}

interface ScheduleDialogProps {
  /** The one that is changed; undefined: a new one is made. */
  readonly before: ScheduleLine | undefined
  readonly canMail: boolean
  readonly onClose: () => void
  /** Throws what the server holds against it. */
  readonly onSubmit: (wish: ScheduleWish) => Promise<void>
}

/** Asks what reports are made of whom, how often and when, and who is sent them. */
export function ScheduleDialog({ before, canMail, onClose, onSubmit }: ScheduleDialogProps): ReactNode {
  const { t, nameOf, language } = useSpeech()
  const park = useParkTree()
  const [form] = Form.useForm<Fields>()
  useFocusReturn()
  const [refused, setRefused] = useState<Refusal>()
  const [busy, setBusy] = useState(false)
  const needed = [{ required: true, message: spoken('signIn.needed') }]
  const first: Partial<Fields> = {
    every: 'month',
    day: before?.day ?? 3,
    at: before?.at ?? '06:00',
    reports: before?.reports ?? ['statistics', 'balance', 'quality', 'carbon'],
    of: before?.of ?? [],
    language: before?.language ?? language,
    mailTo: before?.mailTo ?? [],
  }
  const send = async ({ of = [], mailTo = [], ...rest }: Fields): Promise<void> => {
    setBusy(true)
    try {
      await onSubmit({
        ...rest,
        of: of.length === 0 ? null : of,
        mailTo: mailTo.length === 0 ? null : mailTo,
      })
      onClose()
    } catch (error) {
      setRefused(refusalOf(error))
      setBusy(false)
    }
  }
  return (
    <Modal
      open
      title={t(before === undefined ? 'schedule.make' : 'schedule.changeOf', { id: before?.id ?? '' })}
      okText={t('schedule.save')}
      cancelText={t('schedule.cancel')}
      confirmLoading={busy}
      onCancel={onClose}
      onOk={() => form.submit()}
    >
      <RefusalAlert why={refused} />
      <Form<Fields>
        form={form}
        layout="vertical"
        initialValues={first}
        onFinish={(fields) => void send(fields)}
      >
        {before === undefined && (
          <>
            <Form.Item
              name="id"
              label={t('schedule.id')}
              extra={t('schedule.idNote')}
              rules={[...needed, { pattern: /^[a-z0-9]+(-[a-z0-9]+)*$/, message: spoken('schedule.idNote') }]}
            >
              <Input maxLength={40} />
            </Form.Item>
            <Form.Item name="every" label={t('schedule.every')}>
              <Select
                options={(['month', 'quarter', 'year'] as const).map((value) => ({
                  value,
                  label: t(`schedule.every.${value}`),
                }))}
              />
            </Form.Item>
          </>
        )}
        <Form.Item name="day" label={t('schedule.day')} rules={needed}>
          <InputNumber min={1} max={28} precision={0} controls={false} />
        </Form.Item>
        <Form.Item
          name="at"
          label={t('schedule.at')}
          rules={[...needed, { pattern: /^([01]\d|2[0-3]):[0-5]\d$/, message: spoken('schedule.atNote') }]}
        >
          <Input style={{ width: 100 }} />
        </Form.Item>
        <Form.Item
          name="reports"
          label={t('schedule.reports')}
          // Not "required", which a group of boxes cannot say of itself (aria-required).
          rules={[{ type: 'array', min: 1, message: spoken('signIn.needed') }]}
        >
          <Checkbox.Group
            options={scheduledKinds.map((value) => ({ value, label: t(`reports.${value}`) }))}
          />
        </Form.Item>
        <Form.Item name="of" label={t('scheduled.of')}>
          <Select
            mode="multiple"
            placeholder={t('schedule.all')}
            options={[
              { value: WHOLE_PARK, label: t('scheduled.wholePark') },
              ...park.enterprises.map(({ id, name }) => ({ value: id, label: nameOf(name) })),
            ]}
          />
        </Form.Item>
        <Form.Item name="language" label={t('schedule.language')}>
          <Select
            options={[
              { value: 'zh', label: '中文' },
              { value: 'en', label: 'English' },
            ]}
          />
        </Form.Item>
        <Form.Item name="mailTo" label={t('schedule.mailTo')} extra={canMail ? '' : t('schedule.noMail')}>
          <Select mode="tags" disabled={!canMail} open={false} />
        </Form.Item>
      </Form>
    </Modal>
  )
}
