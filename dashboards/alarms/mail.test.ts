import { spawn, type ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { describeWith, freePort, serverPath } from '#test/support/servers.ts'
import { mail } from './mail.ts'

/** True as soon as somebody listens there. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

describeWith(['aiosmtpd'], 'mail of alarms', () => {
  let server: ChildProcess
  let port: number
  let printed = ''

  beforeAll(async () => {
    port = await freePort()
    const args = ['-u', '-m', 'aiosmtpd', '-n', '-l', `127.0.0.1:${port}`]
    server = spawn(serverPath('aiosmtpd'), [...args, '-c', 'aiosmtpd.handlers.Debugging', 'stdout'])
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    await vi.waitUntil(() => listens(port), { timeout: 30_000 })
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => {
      server.once('exit', resolve)
    })
    server.kill()
    await ended
  })

  const settings = {
    host: '127.0.0.1',
    from: 'tanbiao@park.example',
    to: ['manager@park.example', 'shift@park.example'],
  }
  const { signal } = new AbortController()
  const notice = { subject: '示范园区: [告警] 网关离线', text: '[告警] 网关离线: 东区网关\n', alarms: [] }

  test('reaches a real SMTP server with subject, text and all its recipients', async () => {
    await mail({ ...settings, port, security: 'none' }, undefined).send(notice, signal)
    await expect.poll(() => printed).toContain('END MESSAGE')
    expect(printed).toContain('From: tanbiao@park.example')
    expect(printed).toContain('To: manager@park.example, shift@park.example')
    const subject = [...printed.matchAll(/=\?UTF-8\?B\?([^?]+)\?=/gi)].map(([, text]) =>
      Buffer.from(text ?? '', 'base64').toString(),
    )
    expect(subject.join('')).toBe(notice.subject)
    const [, body = ''] = /\n\n([A-Za-z0-9+/=\n]+)\n-+ END/.exec(printed) ?? []
    expect(Buffer.from(body, 'base64').toString().trim()).toBe(notice.text.trim())
  })

  test('goes out in the open only where that was asked for, and a server that is not there is a failure', async () => {
    await expect(
      mail({ ...settings, port, security: 'starttls' }, undefined).send(notice, signal),
    ).rejects.toThrow(/STARTTLS/i)
    const nobody = await freePort()
    await expect(
      mail({ ...settings, port: nobody, security: 'none' }, undefined).send(notice, signal),
    ).rejects.toThrow(/ECONNREFUSED/)
  })
})
