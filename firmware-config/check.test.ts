import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkFiles } from './check.ts'
import { checkedFolder, gateway, park, profiles } from './check.test-support.ts'

const example = (name: string): string =>
  fileURLToPath(new URL(`examples/demo-park/${name}`, import.meta.url))

const folder = checkedFolder()
const { file, printed } = folder

describe('check', () => {
  it('finds nothing in the demonstration park with its gateways and all profiles', () => {
    const files = {
      park: example('park.yaml'),
      gateways: [example('gateway-east.yaml'), example('gateway-west.yaml')],
      profiles,
    }
    expect(checkFiles(files)).toEqual([])
  })

  it('finds nothing in the sound files that the bad ones below are made from', () => {
    expect(
      checkFiles({ park: file('park.yaml', park), gateways: [file('g.yaml', gateway)], profiles }),
    ).toEqual([])
  })

  it('goes on with the other files where one cannot be read', () => {
    const bad = file('g.yaml', gateway.replace('unit: 2', 'unit: 1'))
    const findings = checkFiles({ park: join(folder.path, 'none.yaml'), gateways: [bad], profiles })
    expect(printed(findings)).toEqual([
      'none.yaml: none.yaml cannot be read.',
      'g.yaml:9:29 buses.0.meters.1.unit: unit 1 of the bus "bus-1" is "main" already',
    ])
  })
})
