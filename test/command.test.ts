import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const command = fileURLToPath(new URL('../cli/tanbiao.ts', import.meta.url))

function tanbiao(...args: readonly string[]) {
  return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' })
}

it.each(['nonsense', 'constructor', '__proto__', 'toString'])(
  '"%s" is no verb, and the verbs are shown',
  (name) => {
    const { status, stdout, stderr } = tanbiao(name)
    expect(stderr).toBe(`There is no verb "${name}".\n\n`)
    expect(stdout).toContain('Usage: tanbiao VERB')
    expect(status).toBe(2)
  },
)

it('without a word the verbs are shown', () => {
  expect(tanbiao()).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: tanbiao VERB') })
})

it.each(['demo', 'serve', 'edge', 'simulate', 'check', 'scan', 'identify', 'read', 'watch'])(
  '%s shows its options, and refuses others by name',
  (verb) => {
    expect(tanbiao(verb, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('  --') })
    expect(tanbiao(verb, '--no-such-option', '1')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/no-such-option[^]*\[argument-invalid\]/),
    })
  },
)

it('the prepared program and its sources are one program', () => {
  const fromSources = spawnSync(process.execPath, [command.replace('tanbiao.ts', 'program.ts')], {
    encoding: 'utf8',
  })
  expect(fromSources).toMatchObject({ status: 0, stdout: tanbiao().stdout })
})
