import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it as plainIt, vi } from 'vitest'
import { systemClock } from '#cli/system-clock.ts'
import { freePort } from '#test/support/servers.ts'
import { TestBroker } from './testing/broker.ts'
import { CONFIGURATION_TOPIC, ConfiguredSite, lineOf as m } from './testing/configured-site.ts'

const SETTLED = { timeout: 30_000, interval: 10 }

/** Each test has a site of its own: most of their time is waiting, so they run side by side. */
const it = plainIt.extend<{ site: ConfiguredSite }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads from the pattern which fixtures this one needs
  site: async ({}, use) => {
    const site = await new ConfiguredSite(systemClock).open()
    await use(site)
    await site.close()
  },
})

/** Starts with the local file, and waits until that is confirmed and the first meter is read. */
async function startedWith(site: ConfiguredSite, meters: readonly ReturnType<typeof m>[]): Promise<void> {
  writeFileSync(site.localFile, site.text(meters))
  await site.start()
  await vi.waitFor(() => expect(site.said()).toMatchObject({ source: 'local', state: 'confirmed' }), SETTLED)
  await vi.waitFor(() => expect(site.of('m1').length).toBeGreaterThan(3), SETTLED)
}

/** Notices when this process does not come to run for the better part of a slot of 100 ms. */
class Stalls {
  #lastMs = performance.now()
  #slots = 0
  readonly #timer = setInterval(() => {
    const gapMs = performance.now() - this.#lastMs
    this.#lastMs += gapMs
    if (gapMs > 70) this.#slots += Math.ceil(gapMs / 100)
  }, 10)

  /** Slots that may have been lost to it; ends the watch. */
  slots(): number {
    clearInterval(this.#timer)
    return this.#slots
  }
}

describe.concurrent('a signed configuration', () => {
  it('is tried, confirmed and reported; meters come, change and go', async ({ site }) => {
    await startedWith(site, [m(1), m(2), m(3)])
    site.publish(7, site.text([m(1), m(2, { everySeconds: 0.2 }), m(4)]))
    await vi.waitFor(
      () => expect(site.said()).toMatchObject({ source: 'remote', version: 7, state: 'probation' }),
      SETTLED,
    )
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 7, state: 'confirmed' }), SETTLED)
    expect(site.said()).not.toHaveProperty('failed')
    await vi.waitFor(() => expect(site.of('m4').length).toBeGreaterThan(3), SETTLED)
    expect(
      site.states
        .at(-1)
        ?.meters?.map((each) => each.meter)
        .toSorted(),
    ).toEqual(['m1', 'm2', 'm4'])
    const last = site.of('m3').length
    await vi.waitFor(() => expect(site.of('m4').length).toBeGreaterThan(10), SETTLED)
    expect(site.of('m3')).toHaveLength(last)
    // The connection to the meters, and that to the broker, are those from the start.
    expect(site.meter.connections).toBe(1)
    expect(site.states.filter(({ kind }) => kind === 'birth')).toHaveLength(1)
  })

  it.for<[string, (site: ConfiguredSite) => void, RegExp]>([
    [
      'signed with another key',
      (site) => site.publish(1, site.text([m(1)]), { key: 'a'.repeat(64) }),
      /none of the 1/,
    ],
    [
      'changed after it was signed',
      (site) => site.publish(1, site.text([m(1)]), { text: site.text([m(1), m(9)]) }),
      /not one of "ours"/,
    ],
    ['numbered anew', (site) => site.publish(1, site.text([m(1)]), { version: 2 }), /not one of "ours"/],
    [
      'of another gateway',
      (site) => site.publish(1, site.text([m(1)]), { gateway: 'gw-2' }),
      /for the gateway gw-2/,
    ],
    ['no YAML', (site) => site.publish(1, 'gateway: [\n'), /configuration 1:2:1/],
    [
      'against the schema',
      (site) => site.publish(1, site.text([{ ...m(1), everySeconds: 0 }])),
      /configuration 1:\d+:\d+ buses\.0\.meters\.0\.everySeconds/,
    ],
    [
      'against the profiles',
      (site) => site.publish(1, site.text([m(1), m(2, { profile: 'no-such' })])),
      /there is no profile "no-such"/,
    ],
    [
      'of one meter twice',
      (site) => site.publish(1, site.text([m(1), m(2, { meter: 'm1' })])),
      /"m1" is read on the bus "a" already/,
    ],
    [
      'another gateway inside',
      (site) => site.publish(1, site.text([m(1)], { gateway: 'gw-2' })),
      /for the gateway gw-2/,
    ],
    [
      'not a message',
      (site) => site.broker.publish(CONFIGURATION_TOPIC, '{"v":1}', true),
      /no configuration message/,
    ],
  ])('that is %s is refused and reported, and nothing changes', async ([_what, send, error], { site }) => {
    await startedWith(site, [m(1)])
    const before = readFileSync(join(site.folder, 'configuration.json'), 'utf8')
    send(site)
    await vi.waitFor(() => expect(site.said()?.failed).toMatchObject({ state: 'refused' }), SETTLED)
    expect(site.said()?.failed?.error).toMatch(error)
    expect(site.said()).toMatchObject({ source: 'local', state: 'confirmed' })
    expect(readFileSync(join(site.folder, 'configuration.json'), 'utf8')).toBe(before)
    // The number is not spent: a right one can have it.
    site.publish(1, site.text([m(1), m(5)]))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
    expect(site.said()).not.toHaveProperty('failed')
  })

  it('that is older than one that was tried is refused', async ({ site }) => {
    await startedWith(site, [m(1)])
    site.publish(5, site.text([m(1), m(2)]))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 5, state: 'confirmed' }), SETTLED)
    site.publish(4, site.text([m(1)]))
    await vi.waitFor(
      () => expect(site.said()?.failed).toMatchObject({ version: 4, state: 'refused' }),
      SETTLED,
    )
    expect(site.said()?.failed?.error).toContain('version 5 was tried already')
    expect(site.said()).toMatchObject({ version: 5 })
  })

  it('under which all meters are lost is rolled back, is reported, and is not tried again', async ({
    site,
  }) => {
    await startedWith(site, [m(1), m(2)])
    site.publish(3, site.text([m(1), m(2)], {}, await freePort()))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 3, state: 'probation' }), SETTLED)
    await vi.waitFor(
      () =>
        expect(site.said()).toMatchObject({
          source: 'local',
          state: 'confirmed',
          failed: { version: 3, state: 'rolled-back' },
        }),
      SETTLED,
    )
    expect(site.said()?.failed?.error).toContain('no meter answered')
    const count = site.of('m2').length
    await vi.waitFor(() => expect(site.of('m2').length).toBeGreaterThan(count + 5), SETTLED)
    // The broker brings it again with the next connection.
    site.broker.cut()
    await vi.waitFor(
      () => expect(site.states.filter(({ kind }) => kind === 'birth')).toHaveLength(2),
      SETTLED,
    )
    site.publish(4, site.text([m(1), m(2), m(3)]))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 4, state: 'confirmed' }), SETTLED)
    expect(site.states.map(({ configuration }) => configuration?.version).lastIndexOf(3)).toBeLessThan(
      site.states.map(({ kind }) => kind).lastIndexOf('birth'),
    )
  })

  it('that moves the gateway to another broker is confirmed there', async ({ site }) => {
    await startedWith(site, [m(1)])
    const other = new TestBroker()
    await other.start()
    site.hear(other)
    try {
      site.publish(1, site.text([m(1)], { uplink: { url: other.url } }))
      await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
      expect(site.broker.connections).toBe(0)
    } finally {
      await site.gateway?.stop()
      await other.kill()
    }
  })

  it('says which of its settings wait for a restart', async ({ site }) => {
    await startedWith(site, [m(1)])
    site.publish(
      1,
      site.text([m(1)], { journal: { fsync: 'normal', commitWindowMs: 30, quotaMegabytes: 50 } }),
    )
    await vi.waitFor(
      () =>
        expect(site.said()).toMatchObject({
          version: 1,
          state: 'confirmed',
          needsRestart: ['journal.fsync'],
        }),
      SETTLED,
    )
    await vi.waitFor(() => expect(site.states.at(-1)?.journal?.quotaBytes).toBe(50e6), SETTLED)
  })

  it('is what the gateway starts with again', async ({ site }) => {
    await startedWith(site, [m(1)])
    site.publish(1, site.text([m(1), m(2)]))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
    await site.gateway?.stop()
    site.forgetStates()
    await site.start()
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
  })
})

describe.concurrent('the local file', () => {
  it('is taken over when it is written or replaced', async ({ site }) => {
    await startedWith(site, [m(1)])
    writeFileSync(site.localFile, site.text([m(1), m(2)]))
    await vi.waitFor(() => expect(site.of('m2').length).toBeGreaterThan(3), SETTLED)
    writeFileSync(`${site.localFile}.new`, site.text([m(1), m(3)]))
    renameSync(`${site.localFile}.new`, site.localFile)
    await vi.waitFor(() => expect(site.of('m3').length).toBeGreaterThan(3), SETTLED)
    await vi.waitFor(
      () => expect(site.said()).toMatchObject({ source: 'local', state: 'confirmed' }),
      SETTLED,
    )
  })

  it('that is wrong is reported with file, line and column; the former one goes on', async ({ site }) => {
    await startedWith(site, [m(1)])
    writeFileSync(site.localFile, `${site.text([m(1)])}nonsense: 1\n`)
    await vi.waitFor(
      () => expect(site.said()?.failed).toMatchObject({ source: 'local', state: 'refused' }),
      SETTLED,
    )
    const lines = site.text([m(1)]).split('\n').length
    expect(site.said()?.failed?.error).toMatch(new RegExp(`^${site.localFile}:${lines}:\\d+ nonsense`))
    const count = site.of('m1').length
    await vi.waitFor(() => expect(site.of('m1').length).toBeGreaterThan(count + 3), SETTLED)
    // It does not keep the gateway from starting either.
    await site.gateway?.stop()
    site.forgetStates()
    await site.start()
    await vi.waitFor(() => expect(site.said()?.failed?.error).toContain('nonsense'), SETTLED)
  })

  it('comes back over a remote configuration when a person says so, and the remote one is not tried again', async ({
    site,
  }) => {
    await startedWith(site, [m(1)])
    site.publish(1, site.text([m(1), m(2)]))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 1, state: 'confirmed' }), SETTLED)
    site.gateway?.reload()
    await vi.waitFor(
      () => expect(site.said()).toMatchObject({ source: 'local', state: 'confirmed' }),
      SETTLED,
    )
    site.broker.cut()
    await vi.waitFor(
      () => expect(site.states.filter(({ kind }) => kind === 'birth')).toHaveLength(2),
      SETTLED,
    )
    site.publish(2, site.text([m(1), m(3)]))
    await vi.waitFor(() => expect(site.said()).toMatchObject({ version: 2 }), SETTLED)
    expect(site.states.findLastIndex(({ configuration }) => configuration?.version === 1)).toBeLessThan(
      site.states.findLastIndex(({ kind }) => kind === 'birth'),
    )
  })
})

// One after the other: what is counted are slots of 100 ms, which a process with other work to do would miss.
describe('the meters that a signed configuration does not change', () => {
  it('lose no slot while their neighbours change again and again', async ({ site }) => {
    const stalls = new Stalls()
    await startedWith(site, [m(1), m(2), m(3)])
    for (let version = 1; version <= 6; version += 1) {
      const asked = site.of('m1').length
      const neighbours = version % 2 === 1 ? [m(2, { everySeconds: 0.2 }), m(4)] : [m(2), m(3)]
      site.publish(version, site.text([m(1), ...neighbours]))
      await vi.waitFor(() => expect(site.said()).toMatchObject({ version }), SETTLED)
      await vi.waitFor(() => expect(site.of('m1').length).toBeGreaterThan(asked + 8), SETTLED)
    }
    await site.gateway?.stop()
    const { wanted = 0, read = 0, missed = 0, ...rest } = site.slots('m1') ?? {}
    expect(rest).toEqual({ failed: 0, held: 0 })
    // A machine that stood still for a slot excuses it; else there is nothing to excuse.
    expect(missed).toBeLessThanOrEqual(stalls.slots())
    // The counts are those of one poll, from the first slot to the last, which may have been under way.
    expect(read).toBeGreaterThan(48)
    expect(wanted - read - missed).toBeLessThanOrEqual(1)
    expect(site.of('m1').every(({ quality }) => quality === 'good')).toBe(true)
  })

  it('lose none either where the broker is not reached: it is rolled back, and that is reported to the old broker', async ({
    site,
  }) => {
    const stalls = new Stalls()
    await startedWith(site, [m(1)])
    const nowhere = `mqtt://127.0.0.1:${await freePort()}`
    site.publish(1, site.text([m(1)], { uplink: { url: nowhere } }))
    await vi.waitFor(
      () => expect(site.said()?.failed).toMatchObject({ version: 1, state: 'rolled-back' }),
      SETTLED,
    )
    expect(site.said()?.failed?.error).toContain('the broker was not reached')
    expect(site.states.filter(({ kind }) => kind === 'birth')).toHaveLength(2)
    // Its meter was read all the time, and all of it is delivered.
    const { missed = 0, failed } = site.slots('m1') ?? {}
    expect(failed).toBe(0)
    expect(missed).toBeLessThanOrEqual(stalls.slots())
  })
})
