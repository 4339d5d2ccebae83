import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { startChild, type Child } from '#cli/child.ts'
import type { z } from 'zod'
import type { parkDescription } from '#contract/park.ts'
import type { gatewayFile } from '#firmware-config/gateway.ts'

/** Options of a verb; a list stands for an option that is given several times. */
export type VerbOptions = Readonly<Record<string, string | number | true | readonly string[]>>

/** A folder with the files of one installation, and the processes that run in it. All is gone after `remove`. */
export interface Installation {
  readonly folder: string
  write(name: string, value: unknown): string
  start(name: string, verb: string, options: VerbOptions, env?: Readonly<Record<string, string>>): Child
  remove(): Promise<void>
}

export function makeInstallation(): Installation {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-'))
  const children = new Set<Child>()
  return {
    folder,
    write: (name, value) => {
      const file = join(folder, name)
      writeFileSync(file, stringify(value))
      return file
    },
    start: (name, verb, options, env) => {
      mkdirSync(join(folder, 'log'), { recursive: true })
      const args = Object.entries(options).flatMap(([option, value]) =>
        value === true
          ? [`--${option}`]
          : (Array.isArray(value) ? value : [value]).flatMap((each) => [`--${option}`, String(each)]),
      )
      const child = startChild(name, [verb, ...args], join(folder, 'log', `${name}.log`), env)
      children.add(child)
      void child.ended.then(() => children.delete(child))
      return child
    },
    remove: async () => {
      for (const child of children) child.kill()
      await Promise.all([...children].map((child) => child.ended))
      rmSync(folder, { recursive: true })
    },
  }
}

const label = (text: string): { zh: string; en: string } => ({ zh: text, en: text })

/** A park of one enterprise whose meters all hang at its boundary; `meters` maps each to its gateway. */
export function parkOf(
  meters: Readonly<Record<string, string>>,
  register: 'activeEnergyImport.total' = 'activeEnergyImport.total',
): z.input<typeof parkDescription> {
  return {
    id: 'test-park',
    name: label('Test park'),
    gateways: [...new Set(Object.values(meters))].map((id) => ({ id, name: label(id) })),
    enterprises: [
      {
        id: 'test-works',
        name: label('Test works'),
        meters: Object.entries(meters).map(([id, gateway]) => ({
          id,
          name: label(id),
          carrier: 'electricity',
          role: 'boundary',
          gateway,
          register,
          power: 'activePower.total',
          ratingPerHour: 20_000,
          installed: '2026-01-01T00:00:00+08:00',
        })),
      },
    ],
  }
}

/** A gateway that reads meters of one profile, as units 1, 2, 3 … of one Modbus TCP port. */
export function gatewayOf(given: {
  gateway: string
  meters: readonly string[]
  profile: string
  modbusPort: number
  mqttPort: number
  everySeconds: number
  keepAliveSeconds?: number
}): z.input<typeof gatewayFile> {
  return {
    gateway: given.gateway,
    park: 'test-park',
    uplink: {
      url: `mqtt://127.0.0.1:${given.mqttPort}`,
      receiptTimeoutMs: 1_000,
      ...(given.keepAliveSeconds === undefined ? {} : { keepAliveSeconds: given.keepAliveSeconds }),
    },
    journal: { commitWindowMs: 50, graceHours: 24 },
    buses: [
      {
        id: 'bus-1',
        transport: { kind: 'tcp', host: '127.0.0.1', port: given.modbusPort },
        meters: given.meters.map((meter, index) => ({
          meter,
          unit: index + 1,
          profile: given.profile,
          everySeconds: given.everySeconds,
        })),
      },
    ],
  }
}
