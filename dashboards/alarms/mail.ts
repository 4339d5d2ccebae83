import type { Transporter } from 'nodemailer'
import { reasonOf } from '#contract/clock.ts'
import type { Notifications } from '#contract/alarm.ts'
import type { Channel } from './notify.ts'

const SECONDS_MAX = 15_000

type Mail = NonNullable<Notifications['mail']>

/** Mail by SMTP. Without `security` nothing is encrypted; else a server that offers no encryption gets no mail. */
export function mail(
  { host, port, security, from, to }: Mail,
  credentials: { readonly username: string; readonly password: string } | undefined,
): Channel {
  // Loaded with the first mail: most starts send none.
  const transport = async (): Promise<Transporter> =>
    (await import('nodemailer')).createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      ...(credentials === undefined
        ? {}
        : { auth: { user: credentials.username, pass: credentials.password } }),
      connectionTimeout: SECONDS_MAX,
      greetingTimeout: SECONDS_MAX,
      socketTimeout: SECONDS_MAX,
    })
  let opened: Promise<Transporter> | undefined
  return {
    name: `${host}:${port}`,
    send: async ({ subject, text, attachments = [] }, signal) => {
      const { promise: ended, reject } = Promise.withResolvers<never>()
      const end = (): void => reject(reasonOf(signal))
      signal.addEventListener('abort', end)
      try {
        opened ??= transport()
        const sender = await opened
        await Promise.race([
          sender.sendMail({ from, to: [...to], subject, text, attachments: [...attachments] }),
          ended,
        ])
      } finally {
        signal.removeEventListener('abort', end)
      }
    },
  }
}
