import { createPrivateKey, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { closingDeskOf, readClosingKeys } from '#cli/closing.ts'
import { deskOf } from '#cli/desk.ts'
import { readFactorFiles } from '#cli/factor-files.ts'
import { proveLedgers, signedClosing } from '#cli/ledger-proof.ts'
import { march, planWith, PostingBench, slotOf, smallPark } from '#cli/posting.test-support.ts'
import { roleMay, roleNames } from '#contract/access.ts'
import { SLOT_MS } from '#contract/grid.ts'
import { newSigningKey, type Trust } from '#firmware-config/signature.ts'
import { openReadingStore } from '#store/open.ts'
import type { ReadingStore } from '#store/port.ts'
import { ServerBench } from '../server.test-support.ts'
import { preparedClosing } from './closing-shapes.ts'
import { faultBody } from './shapes.ts'
import { userWithLink } from './user-shapes.ts'

let posting: PostingBench
let bench: ServerBench
let store: ReadingStore
let trust: Trust
let officer: KeyObject
const plan = planWith()

beforeEach(async () => {
  posting = new PostingBench()
  posting.fill('steel-incoming', march)
  posting.fill('food-incoming', { fromMs: march.fromMs, toMs: march.fromMs + 4 * SLOT_MS })
  await posting.post()
  const { privatePem, publicText } = newSigningKey()
  officer = createPrivateKey(privatePem)
  writeFileSync(
    join(posting.folder, 'closing-keys.yaml'),
    `keys:\n  - name: 王会计\n    key: ${publicText}\n`,
  )
  trust = readClosingKeys(join(posting.folder, 'park.yaml'))
  bench = new ServerBench()
  await serve(trust)
  await bench.signIn()
})
afterEach(async () => {
  await bench.stop()
  await store.close()
  posting.remove()
})

async function serve(keys: Trust): Promise<void> {
  const { books, rules, clock } = posting
  store = await openReadingStore(`sqlite:${join(bench.folder, 'readings.sqlite')}`)
  const closings = closingDeskOf({ books, park: smallPark, plan }, keys)
  await bench.start({
    park: smallPark,
    clock,
    accounts: { plan, rules, books, commits: { commitsSince: async () => [] } },
    desk: deskOf({ books, store, park: smallPark, clock, closings }),
  })
}

const draftPath = (account: string, month = '2026-03'): string =>
  `/api/v1/accounts/${account}/closing-draft?month=${month}`

async function signed(account: string, key = officer) {
  const { draft } = preparedClosing.parse(await bench.get(draftPath(account)))
  const { signature } = signedClosing(draft, key)
  return { month: draft.closing.month, previous: draft.previous, signature }
}
const close = async (account: string, body: object): Promise<Response> =>
  bench.change('POST', `/api/v1/accounts/${account}/closings`, body)
const codeOf = async (answer: Response): Promise<string> => faultBody.parse(await answer.json()).code
const kinds = (account = 'steel'): string[] => posting.kinds(account)

describe('a month is closed', () => {
  test('by what was shown, signed elsewhere, in the name of who is signed in; the proof holds and late data waits', async () => {
    const prepared = preparedClosing.parse(await bench.get(draftPath('steel')))
    expect(prepared.keys).toEqual(['王会计'])
    expect(prepared.draft.closing).toMatchObject({ month: '2026-03', by: 'admin', incomplete: [] })
    const answer = await close('steel', await signed('steel'))
    expect(await answer.json()).toEqual({ entry: 3 })
    expect(posting.books.ledger('steel').at(-1)?.body).toMatchObject({
      ...prepared.draft.closing,
      key: [...trust.keys()][0],
    })
    expect(
      proveLedgers(posting.books, readFactorFiles(), posting.rules, trust, { nowMs: posting.clock.wallMs() })
        .findings,
    ).toEqual([])
    posting.record(slotOf('steel-incoming', march.fromMs, 9_000))
    expect(posting.books.lateRegisters()).toHaveLength(1)
    expect(await codeOf(await bench.ask(draftPath('steel')))).toBe('month-closed')
  })

  test('with missing slots only where that was said', async () => {
    const body = await signed('food')
    expect(await codeOf(await close('food', body))).toBe('entry-invalid')
    expect((await close('food', { ...body, incomplete: true })).status).toBe(200)
    expect(posting.books.ledger('food').at(-1)?.body).toMatchObject({ incomplete: ['electricity'] })
  })

  test('and opened again with a reason', async () => {
    await close('steel', await signed('steel'))
    await bench.change('POST', '/api/v1/accounts/steel/reopenings', { month: '2026-03', reason: '表计更正' })
    expect(kinds().slice(-2)).toEqual(['closing', 'reopening'])
    expect((await close('steel', await signed('steel'))).status).toBe(200)
  })
})

describe('nothing is closed', () => {
  afterEach(() => {
    if (kinds().includes('closing')) throw new Error('a month was closed')
  })

  test('by a key that is not trusted, or a signature of another account or month', async () => {
    const stranger = createPrivateKey(newSigningKey().privatePem)
    expect(await codeOf(await close('steel', await signed('steel', stranger)))).toBe('closing-untrusted')
    const { signature } = await signed('food')
    const body = await signed('steel')
    expect(await codeOf(await close('steel', { ...body, signature }))).toBe('closing-untrusted')
    expect(await codeOf(await close('steel', { ...body, month: '2026-04' }))).toBe('entry-invalid')
  })

  test('by somebody else than who was shown the figures', async () => {
    const body = await signed('steel')
    const link = userWithLink.parse(
      await (await bench.change('POST', '/api/v1/users', { name: 'li', role: 'park-manager' })).json(),
    ).link
    await bench.signIn(link)
    expect(await codeOf(await close('steel', body))).toBe('closing-untrusted')
  })

  test('over a chain that has grown, and before the month is over', async () => {
    const body = await signed('steel')
    await bench.change('POST', '/api/v1/accounts/steel/adjustments', {
      month: '2026-03',
      scope: '1',
      tCo2: '1',
      reason: '漏计',
      document: '凭证 7',
    })
    expect(await codeOf(await close('steel', body))).toBe('entry-invalid')
    expect(await codeOf(await bench.ask(draftPath('steel', '2026-05')))).toBe('entry-invalid')
    expect(await codeOf(await bench.ask(draftPath('steel', '2026-01')))).toBe('entry-invalid')
  })

  test('where the park has no key, which is said before', async () => {
    await bench.server.stop()
    await store.close()
    await serve(new Map())
    await bench.signInAgain()
    expect(preparedClosing.parse(await bench.get(draftPath('steel'))).keys).toEqual([])
    expect(await codeOf(await close('steel', await signed('steel')))).toBe('closing-untrusted')
  })

  test('while intervals of it wait to be computed', async () => {
    posting.books.follow(
      [
        {
          gateway: 'gateway',
          epoch: 'c0ffee'.padEnd(32, '0'),
          seq: 1,
          digest: 'b'.repeat(64),
          committedAtMs: march.fromMs,
          stored: 1,
          touched: [{ meter: 'steel-incoming', fromMs: march.fromMs, toMs: march.fromMs }],
          refused: [],
        },
      ],
      march.fromMs,
    )
    expect(await codeOf(await bench.ask(draftPath('steel')))).toBe('entry-invalid')
  })

  test.each(roleNames.filter((role) => !roleMay(role, 'manage')))('by %s', async (role) => {
    const body = await signed('steel')
    const user = role === 'enterprise-user' ? { name: role, role, enterprise: 'steel' } : { name: role, role }
    const made = await bench.change('POST', '/api/v1/users', user)
    await bench.signIn(userWithLink.parse(await made.json()).link)
    expect((await bench.ask(draftPath('steel'))).status).toBe(403)
    expect((await close('steel', body)).status).toBe(403)
  })
})
