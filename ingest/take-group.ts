import {
  decompressTogether,
  TOGETHER_BYTES_MAX,
  togetherBytes,
  textBytesMax,
  type Decompressed,
} from './decompression.ts'
import type { Judged } from './record.ts'
import type { Delivery, Waiting } from './waiting.ts'

/** One write to the store: enough to make its disk flush worth while, little enough to be quick. */
const READINGS_PER_COMMIT = 10_000
/** What may be more of a gateway's turn goes with it up to here: a server takes many values of one series for less. */
export const READINGS_PER_COMMIT_MAX = 50_000
/** What is refused is written out in its commit record: a group holds no more of it than this and what is taken at once. */
const REFUSED_CHARACTERS_PER_COMMIT = 4 * 1024 * 1024
const PAYLOADS_PER_COMMIT_MAX = 256
/** A few bytes may be millions of them when decompressed, and hold no reading: nobody else is served meanwhile. */
const TEXT_BYTES_PER_COMMIT = 16 * 1024 * 1024
/** Of a text: what a reading takes in a batch of many. A guess at how many there will be. */
const TEXT_BYTES_PER_READING = 30

export interface TakingGroup {
  readonly waiting: Pick<Waiting, 'beginGroup' | 'isWithinTurn'>
  readonly take: () => Delivery | undefined
  /** Judges a payload, whose text is given where it is known; undefined where it has no part in the group. */
  readonly judge: (delivery: Delivery, text: Decompressed | undefined) => Judged | undefined
}

/** Takes payloads that wait, and judges them, up to as many as make one write. */
export function takeGroup({ waiting, take, judge }: TakingGroup): Judged[] {
  const group: Judged[] = []
  let readings = 0
  let refusedCharacters = 0
  let textBytes = 0
  let hasLive = false
  let isBacklog = false

  /** With those that are taken and have not been judged. */
  const hasRoom = (payloadsMore: number, readingsMore: number): boolean => {
    // A live payload does not wait for more of a backlog than before.
    const isLong = waiting.isWithinTurn && !(hasLive && isBacklog)
    return (
      group.length + payloadsMore < PAYLOADS_PER_COMMIT_MAX &&
      readings + readingsMore < (isLong ? READINGS_PER_COMMIT_MAX : READINGS_PER_COMMIT) &&
      refusedCharacters < REFUSED_CHARACTERS_PER_COMMIT &&
      textBytes < TEXT_BYTES_PER_COMMIT
    )
  }

  /** Payloads whose texts are short together. */
  const takeSome = (): Delivery[] => {
    const some: Delivery[] = []
    let bytes = 0
    do {
      const delivery = take()
      if (delivery === undefined) break
      isBacklog = delivery.topic.leaf === 'backlog'
      hasLive ||= !isBacklog
      some.push(delivery)
      textBytes += textBytesMax(delivery.payload)
      bytes += togetherBytes(delivery.payload) ?? TOGETHER_BYTES_MAX
    } while (bytes < TOGETHER_BYTES_MAX && hasRoom(some.length, bytes / TEXT_BYTES_PER_READING))
    return some
  }

  waiting.beginGroup()
  while (hasRoom(0, 0)) {
    const some = takeSome()
    if (some.length === 0) break
    const ofGateways = Map.groupBy(some, ({ topic }) => topic.gateway)
    const texts = new Map<Delivery, Decompressed | undefined>()
    for (const deliveries of ofGateways.values()) {
      const made = decompressTogether(deliveries.map(({ payload }) => payload))
      for (const [index, delivery] of deliveries.entries()) texts.set(delivery, made[index])
    }
    for (const delivery of some) {
      const judged = judge(delivery, texts.get(delivery))
      if (judged === undefined) continue
      group.push(judged)
      readings += judged.verdict.readings.length
      for (const { refusal } of judged.verdict.refused) refusedCharacters += refusal.payload.length
    }
  }
  return group
}
