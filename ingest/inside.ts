import type { Aedes, PublishPacket } from 'aedes'
import { parseTopic } from '#contract/topics.ts'

/** The embedded broker from within its process: the same messages, without a connection to itself and its copies. */
export interface Inside {
  /** True until the broker stops. */
  isOpen(): boolean
  /**
   * Calls with every message published under one of the filters, and first with the states that are retained. The bytes
   * are the broker's own: they are copied by whoever keeps them. Ends with the returned function.
   */
  listen(filters: readonly string[], onMessage: (topic: string, payload: Buffer) => void): () => void
  /** Publishes; `done` with an error where the broker has stopped. */
  publish(
    message: { readonly topic: string; readonly payload: string; readonly retain: boolean },
    done: (error?: Error | null) => void,
  ): void
}

/** The same for the broker itself, which tells of what its clients have retained. */
export interface InsideOfBroker extends Inside {
  /** Of a message that is allowed. */
  noteRetained(topic: string, payload: string | Buffer): void
}

const bytesOf = (payload: string | Buffer): Buffer =>
  typeof payload === 'string' ? Buffer.from(payload) : payload

const nothing = (): void => {}

export function insideOf(aedes: Aedes): InsideOfBroker {
  /** The broker has them too, and gives them to clients only. As many as there are gateways. */
  const states = new Map<string, Buffer>()
  return {
    isOpen: () => !aedes.closed,
    noteRetained: (topic, payload) => {
      if (parseTopic(topic)?.leaf !== 'state') return
      if (payload.length === 0) states.delete(topic)
      else states.set(topic, bytesOf(payload))
    },
    listen: (filters, onMessage) => {
      const deliver = ({ topic, payload }: PublishPacket, taken: () => void): void => {
        onMessage(topic, bytesOf(payload))
        taken()
      }
      for (const [topic, payload] of states) onMessage(topic, payload)
      for (const filter of filters) aedes.subscribe(filter, deliver, nothing)
      return () => {
        for (const filter of filters) aedes.unsubscribe(filter, deliver, nothing)
      }
    },
    publish: ({ topic, payload, retain }, done) => {
      if (aedes.closed) return done(new Error('the broker has stopped'))
      const bytes = Buffer.from(payload)
      // Receipts travel at QoS 0, what is kept for an absent gateway at QoS 1, as over a connection.
      aedes.publish({ cmd: 'publish', topic, payload: bytes, qos: retain ? 1 : 0, retain, dup: false }, done)
    },
  }
}
