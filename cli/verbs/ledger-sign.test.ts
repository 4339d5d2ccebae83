import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AccessBook } from '#store/access-book.ts'
import { readTrust, type Trust } from '#firmware-config/signature.ts'
import { closingDeskOf } from '../closing.ts'
import { readFactorFiles } from '../factor-files.ts'
import { proveLedgers } from '../ledger-proof.ts'
import { march, planWith, PostingBench, smallPark } from '../posting.test-support.ts'
import { auditVerify } from './audit-verify.ts'
import { configureKey } from './configure-key.ts'
import { ledgerHeads, ledgerSign, ledgerVerify } from './ledger-close.ts'

/** A closing that a page has prepared, signed on the machine that holds the key, and entered on the page. */

let bench: PostingBench
let printed: string[]
let trust: Trust
const inFolder = (name: string): string => join(bench.folder, name)

beforeEach(async () => {
  bench = new PostingBench()
  printed = []
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => void printed.push(String(line)))
  bench.fill('steel-incoming', march)
  await bench.post()
  await configureKey.run(['--name', 'office', '--out', inFolder('office.key')])
  writeFileSync(inFolder('trust.yaml'), printed.join('\n'))
  trust = readTrust(inFolder('trust.yaml'))
  printed = []
})
afterEach(() => {
  vi.restoreAllMocks()
  bench.remove()
})

const desk = () => closingDeskOf({ books: bench.books, park: smallPark, plan: planWith() }, trust)
const wish = { account: 'steel', month: '2026-03', by: '王会计' }

async function signed(): Promise<{ previous: string; signature: string }> {
  const draft = desk().draft(wish, bench.clock.wallMs())
  writeFileSync(inFolder('closing.json'), JSON.stringify(draft, undefined, 2))
  await ledgerSign.run(['--draft', inFolder('closing.json'), '--key', inFolder('office.key')])
  return { previous: draft.previous, signature: printed.at(-1) ?? '' }
}
const close = (signature: { previous: string; signature: string }): number =>
  desk().close({ ...wish, ...signature, isIncompleteAccepted: false }, bench.clock.wallMs())

test('shows what is signed, and its signature closes the month', async () => {
  const closing = await signed()
  expect(printed.slice(0, -1)).toEqual([
    'account steel, 2026-03, by 王会计',
    `total 20.954016 tCO2 after 2 entries, last hash ${closing.previous}`,
  ])
  expect(close(closing)).toBe(3)
  const now = { nowMs: bench.clock.wallMs() }
  expect(proveLedgers(bench.books, readFactorFiles(), bench.rules, trust, now).findings).toEqual([])
})

test('says which sources are incomplete before it signs', async () => {
  const [slot] = bench.books.revisions('steel-incoming', 'activeEnergyImport.total', march.fromMs)
  if (slot === undefined) throw new RangeError('no slot')
  const { meter, quantity, slotMs } = slot
  bench.record({ meter, quantity, slotMs, state: 'missing', cause: 'no-readings', undecided: [] })
  await bench.post()
  await signed()
  expect(printed).toContain('incomplete: electricity')
})

test('is not taken for another closing than the one that was shown, nor by another key', async () => {
  const closing = await signed()
  const other = { ...wish, by: 'somebody', ...closing, isIncompleteAccepted: false }
  expect(() => desk().close(other, bench.clock.wallMs())).toThrow(
    expect.objectContaining({ code: 'closing-untrusted' }),
  )
  await configureKey.run(['--name', 'other', '--out', inFolder('other.key')])
  await ledgerSign.run(['--draft', inFolder('closing.json'), '--key', inFolder('other.key')])
  const foreign = { previous: closing.previous, signature: printed.at(-1) ?? '' }
  expect(() => close(foreign)).toThrow(expect.objectContaining({ code: 'closing-untrusted' }))
  expect(bench.kinds()).toEqual(['posting', 'posting'])
})

test('refuses a draft that is none, and says where', async () => {
  writeFileSync(inFolder('closing.json'), '{"account":"steel"}')
  const sign = async () =>
    ledgerSign.run(['--draft', inFolder('closing.json'), '--key', inFolder('office.key')])
  await expect(sign()).rejects.toThrow(/closing\.json:1/)
})

test('heads that were noted prove the ledgers and the audit log later', async () => {
  const access = new AccessBook(inFolder('access.sqlite'))
  for (const detail of ['1', '2'])
    access.note({ atMs: 1, user: 'officer', address: '::1', action: 'POST /x', detail })
  access.close()
  const data = ['--data', bench.folder]
  await ledgerHeads.run(data)
  expect(printed.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['steel 2', '@audit-log 2'])
  writeFileSync(inFolder('heads.txt'), printed.join('\n'))
  const heads = ['--heads', inFolder('heads.txt')]
  await ledgerVerify.run([...data, ...heads])
  await auditVerify.run([...data, ...heads])
  expect(printed.slice(-2)).toEqual(['2 entries', 'everything is as it was written'])
  const last = printed.findLast((line) => line.startsWith('@audit-log')) ?? ''
  writeFileSync(inFolder('heads.txt'), last.replace(' 2 ', ' 3 '))
  await expect(auditVerify.run([...data, ...heads])).rejects.toThrow(
    expect.objectContaining({ code: 'audit-damaged' }),
  )
  expect(printed.at(-2)).toMatch(/^entry 3: it is gone: at /)
})
