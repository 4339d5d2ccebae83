import { useMemo, type ReactNode } from 'react'
import { intervalMethods } from '#contract/interval.ts'
import type { MeterIntervals } from '#dashboards/api/shapes.ts'
import { useSpeech, type Speech } from '#dashboards/web/src/language.tsx'
import { useTimeZone } from '#dashboards/web/src/live.ts'
import { minuteText } from '#dashboards/web/src/numbers.ts'
import { methodColours, missingColour } from '#dashboards/web/src/palette.ts'
import { Chart, type ChartOption } from './chart.tsx'

const HEIGHT_PX = 180
const SLOT_MS = 15 * 60_000

/** Bars of the day: one per slot, coloured by method; a missing slot is a pale column, never a bar of no height. */
function optionOf(day: MeterIntervals, { t, locale }: Speech, timeZone: string): ChartOption {
  const count = Math.round((day.toMs - day.fromMs) / SLOT_MS)
  const moments = Array.from({ length: count }, (_, index) => day.fromMs + index * SLOT_MS)
  const bySlot = new Map(day.slots.map((slot) => [slot.slotMs, slot]))
  const methods = intervalMethods.filter((method) =>
    day.slots.some((slot) => slot.state === 'known' && slot.method === method),
  )
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 32, bottom: 4, outerBoundsMode: 'same' },
    legend: { top: 0, left: 0, itemWidth: 10, itemHeight: 10 },
    tooltip: { trigger: 'axis' },
    xAxis: {
      type: 'category',
      data: moments.map((atMs) => minuteText(atMs, locale, timeZone)),
      axisLabel: { interval: 15 },
      axisTick: { show: false },
    },
    yAxis: [
      {
        type: 'value',
        name: day.unit,
        splitNumber: 3,
        axisLabel: {
          formatter: (value: number) => value.toLocaleString(locale, { maximumFractionDigits: 1 }),
        },
        nameTextStyle: { align: 'right' },
      },
      { type: 'value', show: false, min: 0, max: 1 },
    ],
    series: [
      ...methods.map((method) => ({
        type: 'bar' as const,
        name: t(`method.${method}`),
        stack: 'slot',
        color: methodColours[method],
        barCategoryGap: '18%',
        tooltip: {
          valueFormatter: (value: unknown) => (typeof value === 'number' ? `${value} ${day.unit}` : '—'),
        },
        data: moments.map((slotMs) => {
          const slot = bySlot.get(slotMs)
          return slot?.state === 'known' && slot.method === method ? Number(slot.energy) : null
        }),
      })),
      {
        type: 'bar' as const,
        name: t('slot.missing'),
        stack: 'missing',
        yAxisIndex: 1,
        barGap: '-100%',
        color: missingColour,
        tooltip: {
          valueFormatter: (value: unknown) => (typeof value === 'number' ? t('slot.missing') : '—'),
        },
        data: moments.map((slotMs) => (bySlot.get(slotMs)?.state === 'missing' ? 1 : null)),
      },
    ],
  }
}

export function SlotBars({ day }: { day: MeterIntervals }): ReactNode {
  const speech = useSpeech()
  const timeZone = useTimeZone()
  const option = useMemo(() => optionOf(day, speech, timeZone), [day, speech, timeZone])
  return <Chart option={option} label={speech.t('slots.label')} height={HEIGHT_PX} />
}
