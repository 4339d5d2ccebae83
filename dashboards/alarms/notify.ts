import { createHmac } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import { severities, type Alarm, type Notifications } from '#contract/alarm.ts'
import type { Clock } from '#contract/clock.ts'
import type { AlarmChanges } from '#store/alarm-port.ts'
import type { LocalName } from '#contract/identity.ts'
import { noticeText, pageOf, subjectName, type Told } from './words.ts'

/** Tells other systems and people of alarms that began or ended. What cannot be told is tried again, then logged. */

/** An alarm as programs are told of it: with the name of what it is of, and its page where that is known. */
export interface ToldAlarm extends Alarm {
  readonly name: LocalName
  readonly page?: string
}

/** What is sent at once. */
export interface Notice {
  readonly subject: string
  readonly text: string
  readonly alarms: readonly ToldAlarm[]
  /** Files that mail takes along. */
  readonly attachments?: readonly { readonly filename: string; readonly content: Buffer }[]
}

export interface Channel {
  /** For the log; without secrets. */
  readonly name: string
  /** Throws where it was not taken, or where the signal ended it. */
  send(notice: Notice, signal: AbortSignal): Promise<void>
}

const TRIES = 4
const FIRST_PAUSE_MS = 5_000
const SEND_MS_MAX = 15_000
/** Notices that wait for one channel; beyond it the oldest is dropped, and the log says so. */
const WAITING_MAX = 100

export interface NotifierParts {
  readonly channels: readonly Channel[]
  readonly from: Notifications['severity']
  readonly language: Notifications['language']
  readonly told: Told
  readonly clock: Clock
  readonly log: FastifyBaseLogger
}

/** One queue for each channel: one that does not answer holds up no other. */
export class Notifier {
  readonly #parts: NotifierParts
  readonly #waiting = new Map<Channel, Notice[]>()
  readonly #working = new Set<Promise<void>>()
  readonly #abort = new AbortController()

  constructor(parts: NotifierParts) {
    this.#parts = parts
  }

  /** Never throws, never waits. */
  tell({ begun, ended }: AlarmChanges): void {
    const { channels, from, language, told } = this.#parts
    const least = severities.indexOf(from)
    const alarms = [...begun, ...ended].filter(({ severity }) => severities.indexOf(severity) >= least)
    if (alarms.length === 0) return
    const notice = {
      ...noticeText(told, alarms, language),
      alarms: alarms.map((alarm) => {
        const page = pageOf(told, alarm)
        return { ...alarm, name: subjectName(told, alarm), ...(page === undefined ? {} : { page }) }
      }),
    }
    for (const channel of channels) this.#offer(channel, notice)
  }

  #offer(channel: Channel, notice: Notice): void {
    const queue = this.#waiting.get(channel)
    if (queue !== undefined) {
      queue.push(notice)
      if (queue.length > WAITING_MAX) {
        queue.shift()
        this.#parts.log.error({ channel: channel.name }, 'too many notices wait: the oldest was dropped')
      }
      return
    }
    const own = [notice]
    this.#waiting.set(channel, own)
    const work = this.#drain(channel, own).finally(() => {
      this.#waiting.delete(channel)
      this.#working.delete(work)
    })
    this.#working.add(work)
  }

  async #drain(channel: Channel, queue: Notice[]): Promise<void> {
    for (let notice = queue.shift(); notice !== undefined; notice = queue.shift()) {
      await this.#send(channel, notice)
    }
  }

  async #send(channel: Channel, notice: Notice): Promise<void> {
    const { clock, log } = this.#parts
    for (let attempt = 1; !this.#abort.signal.aborted; attempt += 1) {
      try {
        await channel.send(notice, this.#abort.signal)
        return
      } catch (error) {
        if (this.#abort.signal.aborted) return
        if (attempt >= TRIES) {
          log.error(
            { err: error, channel: channel.name, subject: notice.subject },
            'a notice could not be sent',
          )
          return
        }
        log.warn({ err: error, channel: channel.name }, 'a notice could not be sent; trying again')
      }
      try {
        await clock.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), this.#abort.signal)
      } catch (error) {
        if (this.#abort.signal.aborted) return
        throw error
      }
    }
  }

  /** Resolves when nothing is on its way any more. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
  }

  /** Gives up what waits for another try, and what is on its way. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('stopped'))
    await this.idle()
  }
}

/** A program that is told by HTTP POST; with a secret it can tell that the notice is ours. */
export function webhook(url: string, secret: string | undefined): Channel {
  return {
    name: new URL(url).host,
    send: async ({ text, alarms }, signal) => {
      const body = JSON.stringify({ v: 1, text, alarms })
      const signature =
        secret === undefined ? undefined : createHmac('sha256', secret).update(body).digest('hex')
      const answer = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(signature === undefined ? {} : { 'x-tanbiao-signature': `sha256=${signature}` }),
        },
        body,
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS_MAX)]),
      })
      await answer.body?.cancel()
      if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}`)
    },
  }
}
