import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import type { Alarm } from '#contract/alarm.ts'
import { ManualClock } from '#contract/clock.ts'
import { smallPark } from '../small-park.test-support.ts'
import { Notifier, webhook, type Channel, type Notice } from './notify.ts'

const startMs = Date.UTC(2026, 5, 1, 17)
const alarm = (over: Partial<Alarm> = {}): Alarm => ({
  id: 1,
  rule: 'offline',
  kind: 'gateway-offline',
  severity: 'critical',
  subject: { kind: 'gateway', id: 'gw-east' },
  enterprise: undefined,
  detail: { sinceMs: startMs },
  begunMs: startMs,
  endedMs: undefined,
  acknowledged: undefined,
  ...over,
})

function notifierOf(
  clock: ManualClock,
  channels: readonly Channel[],
  from: 'warning' | 'critical' = 'warning',
): Notifier {
  const log = pino({ level: 'silent' })
  const told = { park: smallPark, targets: [], pages: undefined }
  return new Notifier({ channels, from, language: 'zh', told, clock, log })
}

test('what began and ended goes out in one notice, from the severity on that was asked for', async () => {
  const sent: Notice[] = []
  const notifier = notifierOf(
    new ManualClock(startMs),
    [{ name: 'own', send: async (notice) => void sent.push(notice) }],
    'critical',
  )
  notifier.tell({ begun: [alarm({ severity: 'warning' })], ended: [] })
  notifier.tell({ begun: [], ended: [] })
  const demand = { kind: 'demand' as const, subject: { kind: 'enterprise' as const, id: 'forge' } }
  notifier.tell({
    begun: [alarm()],
    ended: [alarm({ ...demand, detail: { value: 951.25, limit: 1_000, unit: 'kW' }, endedMs: startMs + 1 })],
  })
  await notifier.idle()
  expect(sent.map(({ subject, text }) => ({ subject, text }))).toEqual([
    {
      subject: '滨海新材料产业园: [告警] 网关离线: 东区配电房网关 (自 2026-06-02 01:00) (+1)',
      text: '[告警] 网关离线: 东区配电房网关 (自 2026-06-02 01:00)\n[恢复] 需量将超限: 锻造厂 (当前 951.25 kW, 限值 1000 kW)\n',
    },
  ])
})

test('a channel that fails is tried again, holds up no other, and is given up in the end', async () => {
  const clock = new ManualClock(startMs)
  let tries = 0
  const sent: Notice[] = []
  const broken: Channel = {
    name: 'broken',
    send: async () => {
      tries += 1
      throw new Error('no answer')
    },
  }
  const notifier = notifierOf(clock, [
    broken,
    { name: 'own', send: async (notice) => void sent.push(notice) },
  ])
  notifier.tell({ begun: [alarm()], ended: [] })
  await expect.poll(() => tries).toBe(1)
  expect(sent).toHaveLength(1)
  // Time passes until it has been tried again three times.
  await expect
    .poll(() => {
      clock.advance(20_000)
      return tries
    })
    .toBe(4)
  await notifier.idle()
  expect(tries).toBe(4)
})

test('a webhook gets the alarms as JSON, with a signature that only who has the secret can make', async () => {
  const heard = Promise.withResolvers<{ body: string; signature: string | undefined }>()
  const statuses = [500, 204]
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part
    })
    request.on('end', () => {
      const status = statuses.shift() ?? 204
      response.writeHead(status).end()
      const signature = request.headers['x-tanbiao-signature']
      if (status === 204) heard.resolve({ body, signature: [signature].flat()[0] })
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const channel = webhook(`http://127.0.0.1:${address.port}/alarms`, 'the secret')
  const notice = {
    subject: 's',
    text: 't',
    alarms: [{ ...alarm(), name: { zh: '东区', en: 'East' }, page: 'https://park.example/#/fleet' }],
  }
  const { signal } = new AbortController()
  await expect(channel.send(notice, signal)).rejects.toThrow('answered 500')
  await channel.send(notice, signal)
  const { body, signature } = await heard.promise
  expect(JSON.parse(body)).toMatchObject({
    v: 1,
    text: 't',
    alarms: [{ kind: 'gateway-offline', name: { zh: '东区' }, page: 'https://park.example/#/fleet' }],
  })
  expect(signature).toBe(`sha256=${createHmac('sha256', 'the secret').update(body).digest('hex')}`)
})

test('the end of the server waits for no channel that does not answer', async () => {
  const hanging: Channel = {
    name: 'hanging',
    send: (_notice, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('ended')))
      }),
  }
  const notifier = notifierOf(new ManualClock(startMs), [hanging])
  notifier.tell({ begun: [alarm()], ended: [] })
  await notifier.stop()
})
