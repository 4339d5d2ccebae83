import { pino } from 'pino'
import { systemClock } from '#cli/system-clock.ts'
import type { Sample } from '#contract/messages.ts'
import type { Park } from '#contract/park.ts'
import { Journal } from '#edge/journal.ts'
import { Uplink } from '#edge/uplink.ts'
import { until } from './until.ts'

/** A gateway's real journal and uplink: only its meters are missing. */
export interface JournalGateway {
  /** Journals each sample as a batch, and waits for their receipts. */
  deliver(samples: readonly Sample[]): Promise<void>
  stop(): Promise<void>
}

/** Starts one on a journal, which keeps a batch for a day after its receipt unless told otherwise. */
export function startJournalGateway(given: {
  readonly file: string
  readonly gateway: string
  readonly park: Park
  readonly brokerUrl: string
  readonly graceMs?: number
}): JournalGateway {
  const { file, gateway, park, brokerUrl, graceMs = 86_400_000 } = given
  const journal = Journal.open({ file, gateway, graceMs, clock: systemClock })
  const uplink = new Uplink({
    gateway,
    park: park.description.id,
    url: brokerUrl,
    mqttVersion: '3.1.1',
    keepAliveSeconds: 30,
    receiptTimeoutMs: 5_000,
    journal,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    random: () => 0.05,
    state: () => ({ meters: [] }),
  })
  const running = uplink.run()
  return {
    deliver: async (samples) => {
      for (const sample of samples) uplink.offer(journal.append([sample]))
      await until(() => (journal.waiting().rows === 0 ? true : undefined), 60_000)
    },
    stop: async () => {
      await uplink.stop()
      await running
      journal.close()
    },
  }
}
