import { describe, expect, it } from 'vitest'
import { Bundling, BYTES_TOGETHER_MAX, DOUBT_PAUSE_MS, REFUSED_PAUSE_MS } from './bundling.ts'

describe('Bundling', () => {
  it('pauses for an hour after a refusal, and names the rows of that bundle once', () => {
    const bundling = new Bundling()
    bundling.connected()
    bundling.sent('a', [1, 2])
    bundling.sent('b', [3, 4])
    bundling.taken('a')
    expect(bundling.isPaused(0)).toBe(false)
    expect(bundling.refused('c', 5)).toBeUndefined()
    expect(bundling.isPaused(5)).toBe(false)
    expect(bundling.refused('a', 5)).toEqual([1, 2])
    expect(bundling.refused('a', 6)).toBeUndefined()
    expect(bundling.isPaused(4 + REFUSED_PAUSE_MS)).toBe(true)
    expect(bundling.isPaused(5 + REFUSED_PAUSE_MS)).toBe(false)
  })

  it('pauses for a while after a connection that ended before the broker had a bundle, and else does not', () => {
    const bundling = new Bundling()
    bundling.connected()
    bundling.sent('a', [1, 2])
    bundling.taken('a')
    bundling.disconnected(10)
    expect(bundling.isPaused(10)).toBe(false)
    bundling.sent('b', [3, 4])
    bundling.disconnected(10)
    expect(bundling.isPaused(9 + DOUBT_PAUSE_MS)).toBe(true)
    expect(bundling.isPaused(10 + DOUBT_PAUSE_MS)).toBe(false)
    // What was on its way then is forgotten.
    expect(bundling.refused('b', 20)).toBeUndefined()
  })

  it('never makes a longer pause shorter', () => {
    const bundling = new Bundling()
    bundling.sent('a', [1, 2])
    bundling.sent('b', [3, 4])
    bundling.refused('a', 0)
    bundling.disconnected(1)
    expect(bundling.isPaused(REFUSED_PAUSE_MS - 1)).toBe(true)
  })

  it('keeps within the longest packet that a broker takes', () => {
    const bundling = new Bundling()
    bundling.connected()
    expect(bundling.bytesMax).toBe(BYTES_TOGETHER_MAX)
    bundling.connected(10_000)
    expect(bundling.bytesMax).toBeLessThan(10_000)
    bundling.connected(1_000_000)
    expect(bundling.bytesMax).toBe(BYTES_TOGETHER_MAX)
  })

  it('remembers no more than some', () => {
    const bundling = new Bundling()
    for (let index = 0; index < 1_000; index += 1) bundling.sent(`${index}`, [index])
    expect(bundling.refused('0', 0)).toBeUndefined()
    expect(bundling.refused('999', 0)).toEqual([999])
  })
})
