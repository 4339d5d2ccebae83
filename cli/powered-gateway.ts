import type { Child } from './child.ts'

/** The process of a gateway, which ends as by a power cut and begins again when the power is back. */
export interface PoweredGateway {
  /** Its process as it runs now, or ran last. */
  readonly child: () => Child
  readonly power: (on: boolean) => void
  /** Starts it again whenever it ends; `onEnd` is told how, and says whether that may go on. Never resolves. */
  readonly keepAlive: (onEnd: (how: string) => boolean) => Promise<never>
}

/** Starts a gateway's process. */
export function startPowered(start: () => Child): PoweredGateway {
  let child = start()
  let powered = true
  let onPower = (): void => {}
  return {
    child: () => child,
    power: (on) => {
      powered = on
      if (on) onPower()
      else child.kill()
    },
    keepAlive: async (onEnd) => {
      for (;;) {
        const how = await child.ended
        // A process that is killed ends a moment later: the power may be back by then.
        if (!powered) {
          await new Promise<void>((resolve) => {
            onPower = resolve
          })
        } else if (!onEnd(how)) return new Promise(() => {})
        child = start()
      }
    },
  }
}
