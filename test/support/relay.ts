import { connect, createServer, type Socket } from 'node:net'

/**
 * A TCP relay on the loopback between two of ours, that does to their connections what networks do. It keeps no more
 * than one window of bytes a direction: what the receiver does not take is not read from the sender.
 */
export interface Relay {
  readonly port: number
  /** Resets the connections that stand, and every new one, until `pass`. */
  cut(): void
  /** The connections that stand carry nothing more and are not closed, as behind a NAT that forgot them; new ones pass. */
  halfOpen(): void
  /** Every byte takes so long, in each direction, until `pass`. */
  delay(ms: number): void
  /** Ends `cut` and `delay`. */
  pass(): void
  close(): Promise<void>
}

interface Pair {
  readonly near: Socket
  readonly far: Socket
  isLost: boolean
}

/** Starts it on a free port, towards a port of this machine. */
export async function startRelay(target: number): Promise<Relay> {
  const pairs = new Set<Pair>()
  let isCut = false
  let delayMs = 0

  /** Bytes go on in their order; while some wait, none are read. */
  function pump(from: Socket, to: Socket, pair: Pair): void {
    from.on('data', (bytes: Buffer) => {
      if (pair.isLost) return
      from.pause()
      const forward = (): void => {
        if (pair.isLost || to.destroyed) return
        if (to.write(bytes)) from.resume()
        else to.once('drain', () => from.resume())
      }
      if (delayMs === 0) forward()
      else setTimeout(forward, delayMs)
    })
    from.on('end', () => {
      if (!pair.isLost) to.end()
    })
    from.on('error', () => {})
    from.on('close', () => {
      pairs.delete(pair)
      if (!pair.isLost) to.destroy()
    })
  }

  const server = createServer({ allowHalfOpen: true }, (near) => {
    if (isCut) {
      near.on('error', () => {})
      near.resetAndDestroy()
      return
    }
    const far = connect({ host: '127.0.0.1', port: target, allowHalfOpen: true })
    const pair: Pair = { near, far, isLost: false }
    pairs.add(pair)
    pump(near, far, pair)
    pump(far, near, pair)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')

  const reset = (): void => {
    for (const { near, far } of pairs) {
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
  }
  return {
    port: address.port,
    cut: () => {
      isCut = true
      reset()
    },
    halfOpen: () => {
      for (const pair of pairs) pair.isLost = true
    },
    delay: (ms) => {
      delayMs = ms
    },
    pass: () => {
      isCut = false
      delayMs = 0
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
      reset()
      await closed
    },
  }
}
