import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { alarmsFile, type AlarmRule, type AlarmsFile, type Notifications } from '#contract/alarm.ts'
import { targetFile } from '#accounts/targets/target.ts'
import type { Park } from '#contract/park.ts'
import { mail } from '#dashboards/alarms/mail.ts'
import { webhook, type Channel } from '#dashboards/alarms/notify.ts'
import { InvalidFile, readData, type DataFile } from '#firmware-config/document.ts'
import { readText } from './read-text.ts'
import { credentialsFile } from './report-schedules.ts'
import { targetsBeside } from './target-files.ts'

/** The rules of alarms and whom they are told: alarms.yaml beside the park file, or the rules that come with it. */

export const DEFAULT_ALARM_RULES = fileURLToPath(new URL('../dashboards/alarms/rules.yaml', import.meta.url))

export interface AlarmSettings {
  readonly rules: readonly AlarmRule[]
  /** Undefined: nobody is told. */
  readonly notify:
    | {
        readonly channels: readonly Channel[]
        readonly from: Notifications['severity']
        readonly language: Notifications['language']
        /** Where the pages are, as people open them. */
        readonly pages: string | undefined
      }
    | undefined
}

/** The file that holds for a park: its own, or that of tanbiao. */
export function alarmsFileOf(parkFile: string): string {
  const own = join(dirname(resolve(parkFile)), 'alarms.yaml')
  return existsSync(own) ? own : DEFAULT_ALARM_RULES
}

/**
 * What it says. Throws `InvalidFile` with the place, also for an id that the park does not have: a
 * rule about it would never be heard of.
 */
export function readAlarmsFile(parkFile: string, park: Park): DataFile<AlarmsFile> {
  const found = readData(alarmsFile, alarmsFileOf(parkFile))
  const enterprises = park.description.enterprises.map(({ id }) => id)
  const targets = targetsBeside(resolve(parkFile))
  const known = new Set([
    ...park.meters.keys(),
    ...park.gateways.keys(),
    ...enterprises,
    park.description.id,
    ...(targets === undefined ? [] : readData(targetFile, targets).value.targets.map(({ id }) => id)),
  ])
  const findings = found.value.rules.flatMap(({ only = [] }, rule) =>
    only.flatMap((id, index) =>
      known.has(id)
        ? []
        : {
            place: found.placeOf(['rules', rule, 'only', index]),
            message: `the park has no gateway, meter, enterprise or target "${id}"`,
          },
    ),
  )
  if (findings.length > 0) throw new InvalidFile(found.file, findings)
  return found
}

function channelsOf({ webhooks, mail: to }: Notifications, folder: string): Channel[] {
  const secretIn = (file: string | undefined): string | undefined =>
    file === undefined ? undefined : readText(resolve(folder, file)).trim()
  const credentials = (file: string | undefined): z.output<typeof credentialsFile> | undefined =>
    file === undefined ? undefined : readData(credentialsFile, resolve(folder, file)).value
  return [
    ...webhooks.map(({ url, secretFile }) => webhook(url, secretIn(secretFile))),
    ...(to === undefined ? [] : [mail(to, credentials(to.credentialsFile))]),
  ]
}

/** Throws as `readAlarmsFile`, and `file-unreadable` for a secret that is not there. */
export function readAlarms(parkFile: string, park: Park): AlarmSettings {
  const { file, value } = readAlarmsFile(parkFile, park)
  const { rules, notify } = value
  if (notify === undefined) return { rules, notify: undefined }
  const { severity, language, pages } = notify
  return { rules, notify: { channels: channelsOf(notify, dirname(file)), from: severity, language, pages } }
}
