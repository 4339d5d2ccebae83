import { expect, test } from 'vitest'
import { hostRule } from './host-names.ts'

const isOurs = hostRule('0.0.0.0', ['Energy.Park.example'])

test.each([
  'localhost',
  'LOCALHOST:8080',
  'localhost.:8080',
  'demo.localhost:8080',
  '127.0.0.1:8080',
  '192.168.1.20',
  '[::1]:8080',
  '[fe80::1]',
  'energy.park.example:443',
  'energy.park.example.',
])('%s is ours', (host) => {
  expect(isOurs(host)).toBe(true)
})

test.each([
  '',
  ':8080',
  'evil.example',
  'evil.example:8080',
  'localhost.evil.example',
  'evil-localhost',
  '127.0.0.1.evil.example:8080',
  'energy.park.example.evil.example',
  '[evil.example]:8080',
  'evil.example:8080:localhost',
  'localhost@evil.example',
])('"%s" is not ours', (host) => {
  expect(isOurs(host)).toBe(false)
})

test('the bound host is ours, others of the same domain are not', () => {
  const rule = hostRule('Server.park.example', [])
  expect(rule('server.park.example:8080')).toBe(true)
  expect(rule('other.park.example:8080')).toBe(false)
})
