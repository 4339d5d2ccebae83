import { describe, expect, it } from 'vitest'
import { indexPark, parkDescription } from '#contract/park.ts'
import { brokerRightsFile } from './broker-rights.ts'

const name = { zh: '园', en: 'park' }
const park = indexPark(parkDescription.parse({ id: 'park-1', name, gateways: [{ id: 'gw-a', name }] }))
const clients = { park, ingest: ['tanbiao-ingest'], operators: ['planning'] }
const rulesOf = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !/^[#%]/.test(line))

// ingest/foreign-data.test.ts tries the file on a real mosquitto.
describe('rights at brokers that are not ours', () => {
  it('mosquitto: every client by its username, and no pattern that could fit another', () => {
    expect(rulesOf(brokerRightsFile('mosquitto', clients))).toEqual([
      'user tanbiao-ingest',
      'topic read tanbiao/v1/park-1/+/up/live',
      'topic read tanbiao/v1/park-1/+/up/backlog',
      'topic read tanbiao/v1/park-1/+/up/state',
      'topic read tanbiao/v1/park-1/+/up/reply',
      'topic write tanbiao/v1/park-1/+/down/receipt',
      'topic write tanbiao/v1/park-1/+/down/command',
      'user planning',
      'topic read tanbiao/v1/park-1/+/up/state',
      'topic write tanbiao/v1/park-1/+/down/configuration',
      'user gw-a',
      'topic read tanbiao/v1/park-1/gw-a/down/receipt',
      'topic read tanbiao/v1/park-1/gw-a/down/command',
      'topic read tanbiao/v1/park-1/gw-a/down/configuration',
      'topic write tanbiao/v1/park-1/gw-a/up/live',
      'topic write tanbiao/v1/park-1/gw-a/up/backlog',
      'topic write tanbiao/v1/park-1/gw-a/up/state',
      'topic write tanbiao/v1/park-1/gw-a/up/reply',
    ])
  })

  it('EMQX: retained only what may be, and everything else denied', () => {
    const rules = rulesOf(brokerRightsFile('emqx', clients))
    expect(rules.filter((rule) => rule.includes('"gw-a"'))).toEqual([
      '{allow, {username, "gw-a"}, subscribe, ["tanbiao/v1/park-1/gw-a/down/receipt", "tanbiao/v1/park-1/gw-a/down/command", "tanbiao/v1/park-1/gw-a/down/configuration"]}.',
      '{allow, {username, "gw-a"}, {publish, [{retain, false}]}, ["tanbiao/v1/park-1/gw-a/up/live", "tanbiao/v1/park-1/gw-a/up/backlog", "tanbiao/v1/park-1/gw-a/up/reply"]}.',
      '{allow, {username, "gw-a"}, publish, ["tanbiao/v1/park-1/gw-a/up/state"]}.',
    ])
    expect(rules.at(-1)).toBe('{deny, all}.')
  })
})
