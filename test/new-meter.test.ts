import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openProfiles } from '#firmware-config/profile-library.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const example = join(root, 'firmware-config/examples/own-profiles')
const guide = readFileSync(join(root, 'docs/new-meter.md'), 'utf8')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tanbiao-new-meter-'))
  cpSync(example, folder, { recursive: true })
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function check(): { status: number | null; lines: string[] } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['cli/tanbiao.ts', 'check', '--profiles', folder],
    { cwd: root, encoding: 'utf8' },
  )
  return { status, lines: `${stdout}${stderr}`.trim().replaceAll(`${folder}/`, '').split('\n') }
}

describe('A new meter is a new data file', () => {
  it('is the one that the guide shows', () => {
    for (const name of ['example-wm1.yaml', 'example-wm1.golden.yaml']) {
      expect(guide).toContain(`\`\`\`yaml\n${readFileSync(join(example, name), 'utf8')}\`\`\``)
    }
  })

  it('is checked with all others, and found right', () => {
    const { status, lines } = check()
    expect(lines.at(-1)).toMatch(/^\d+ files, 0 findings$/)
    expect(status).toBe(0)
    expect(openProfiles(folder).load('example-wm1').model).toBe('WM1 water meter')
  })

  it('is found wrong where the guide says, when its total is in the wrong order', () => {
    const file = join(folder, 'example-wm1.yaml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('as: mod10-3,', 'as: mod10-3, order: ABCD,'))
    const { status, lines } = check()
    expect(status).toBe(1)
    expect(lines).toHaveLength(2)
    expect(guide).toContain(`own-profiles/${lines[0]}\n`)
  })

  it('is refused under an id that is taken', () => {
    cpSync(join(folder, 'example-wm1.yaml'), join(folder, 'chint-dtsu666.yaml'))
    const { status, lines } = check()
    expect(status).toBe(1)
    expect(lines.join('\n')).toContain('The profile "chint-dtsu666" is there twice')
  })
})
