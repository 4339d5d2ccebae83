/** Bytes of lines under way, in memory that grows and is used again. */

const BYTES_FIRST = 512 * 1024

const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length)

export class LineBuffer {
  bytes = Buffer.allocUnsafeSlow(BYTES_FIRST)
  /** The same memory. */
  view = viewOf(this.bytes)
  length = 0

  /** Makes room for so many bytes more. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.length + more))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
    this.view = viewOf(larger)
  }

  /** What was written, until it is written over. */
  body(): Buffer {
    return this.bytes.subarray(0, this.length)
  }
}
