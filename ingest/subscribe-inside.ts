import { Fault } from '#contract/fault.ts'
import type { Inside } from './inside.ts'
import { filtersOf, receiver, type ReceiverOptions, type Subscription } from './subscribe.ts'

/** A subscription at the broker of this process: it is there as long as the broker is. */
export function subscribeInside(inside: Inside, options: ReceiverOptions): Subscription {
  const receive = receiver(options)
  let isStopped = false
  const leave = inside.listen(filtersOf(options.park), (topic, payload) => {
    if (!isStopped) receive(topic, payload)
  })
  const connected = (): boolean => !isStopped && inside.isOpen()
  return {
    connected,
    tried: Promise.resolve(),
    publish: (topic, payload) => {
      if (!connected()) return false
      // A broker that stops meanwhile takes the receipt along: its gateway sends the payload again.
      inside.publish({ topic, payload, retain: false }, () => {})
      return true
    },
    retain: (topic, payload) =>
      new Promise((resolve, reject) => {
        const failed = (cause: Error | undefined): void => {
          reject(new Fault('broker-unavailable', 'The broker has not taken the message.', { cause }))
        }
        if (!connected()) return failed(undefined)
        inside.publish({ topic, payload, retain: true }, (error) => {
          if (error === undefined || error === null) resolve()
          else failed(error)
        })
      }),
    stop: async () => {
      isStopped = true
      leave()
    },
  }
}
