import { expect, test } from 'vitest'
import { Fault, faultText } from '#contract/fault.ts'
import { parkDescription } from '#contract/park.ts'
import { parseData } from './document.ts'

test('a file’s fault names every place once: a missing key at its parent, an unknown key where it stands', () => {
  const text = 'id: park\nname: { zh: 园区 }\ngatewas: []\n'
  let fault: unknown
  try {
    parseData(parkDescription, text, 'park.yaml')
  } catch (error) {
    fault = error
  }
  expect(fault).toBeInstanceOf(Fault)
  const lines = fault instanceof Fault ? faultText(fault).split('\n') : []
  expect(lines).toHaveLength(4)
  expect(lines[0]).toMatch(/^park\.yaml:2:7 name\.en: Invalid input/)
  expect(lines[1]).toMatch(/^park\.yaml:1:1 gateways: Invalid input/)
  expect(lines[2]).toMatch(/^park\.yaml:3:10 gatewas: Unrecognized key/)
  expect(lines[3]).toContain('[file-invalid]')
})
