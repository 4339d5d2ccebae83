import { expect, test } from 'vitest'
import type { Alarm } from '#contract/alarm.ts'
import { indexPark } from '#contract/park.ts'
import { smallPark } from '../small-park.test-support.ts'
import { alarmLine, noticeText, subjectName, type Told } from './words.ts'

const told: Told = {
  park: smallPark,
  targets: [
    { id: 'forge-energy', account: 'forge', year: 2026, of: 'energy', intensity: undefined },
    {
      id: 'park-carbon',
      account: 'binhai',
      year: 2026,
      of: 'carbon',
      intensity: { per: 'output-value', measure: 'value-added', prices: '2020' },
    },
  ],
  pages: 'https://energy.example/tanbiao/',
}
const alarmOf = (id: string, over: Partial<Alarm> = {}): Alarm => ({
  id: 1,
  rule: 'pace',
  kind: 'target-pace',
  severity: 'warning',
  subject: { kind: 'target', id },
  enterprise: 'forge',
  detail: { value: 1_250.5, limit: 1_000, unit: 'tce' },
  begunMs: 0,
  endedMs: undefined,
  acknowledged: undefined,
  ...over,
})

test('a target is called after whose it is, its year and what it limits, with the unit of its value', () => {
  expect(alarmLine(told, alarmOf('forge-energy'), 'zh')).toBe(
    '[告警] 超出目标进度: 锻造厂 2026年能源消费总量 (当前 1250.5 tce, 限值 1000 tce)',
  )
  const intensity = alarmOf('park-carbon', { detail: { value: 1.25, limit: 1, unit: 'tCO2/10⁴CNY' } })
  expect(alarmLine(told, intensity, 'en')).toBe(
    '[Alarm] Ahead of target pace: Binhai Materials Park, carbon intensity of 2026 (now 1.25 tCO₂/10⁴ CNY, limit 1 tCO₂/10⁴ CNY)',
  )
  expect(alarmLine(told, intensity, 'zh')).toContain('1.25 tCO₂/万元')
  // One that no file has any more.
  expect(subjectName(told, alarmOf('of-last-year'))).toEqual({
    zh: '锻造厂 of-last-year',
    en: 'Forge of-last-year',
  })
})

test('each line is followed by the page where there is more to see, where somebody said where the pages are', () => {
  const meter = alarmOf('', {
    kind: 'meter-silent',
    subject: { kind: 'meter', id: 'forge-main' },
    detail: {},
  })
  expect(noticeText(told, [meter, alarmOf('forge-energy')], 'zh')).toEqual({
    subject: '滨海新材料产业园: [告警] 仪表无数据: 锻造厂进线 (+1)',
    text: [
      '[告警] 仪表无数据: 锻造厂进线',
      '  https://energy.example/tanbiao/#/meters/forge-main',
      '[告警] 超出目标进度: 锻造厂 2026年能源消费总量 (当前 1250.5 tce, 限值 1000 tce)',
      '  https://energy.example/tanbiao/#/targets',
      '',
    ].join('\n'),
  })
  expect(noticeText({ ...told, pages: undefined }, [meter], 'en').text).toBe(
    '[Alarm] Meter silent: Forge incomer\n',
  )
})

test('no name adds a header or a line, or turns what follows', () => {
  const hostile = 'Forge\r\nBcc: everybody@example.org\u2028\u202Egnp.exe\u0000'
  const { description } = smallPark
  const park = indexPark({
    ...description,
    name: { zh: `园\n${hostile}`, en: hostile },
    enterprises: description.enterprises.map((each) => ({ ...each, name: { zh: hostile, en: hostile } })),
  })
  const alarm = alarmOf('', { kind: 'demand', subject: { kind: 'enterprise', id: 'forge' }, detail: {} })
  const { subject, text } = noticeText({ ...told, park, pages: undefined }, [alarm], 'zh')
  expect(subject).toBe(
    '园 Forge Bcc: everybody@example.org gnp.exe: [告警] 需量将超限: Forge Bcc: everybody@example.org gnp.exe',
  )
  expect(text.trimEnd().split('\n')).toHaveLength(1)
})
