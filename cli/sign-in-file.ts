import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Clock } from '#contract/clock.ts'
import type { Park } from '#contract/park.ts'
import { signInFile, type OidcSettings } from '#dashboards/access/oidc-settings.ts'
import { OidcSignIn } from '#dashboards/access/oidc.ts'
import { InvalidFile, readData, type DataFile } from '#firmware-config/document.ts'
import { readText } from './read-text.ts'

/** Signing in at a provider: sign-in.yaml beside the park file. */

/** Where it lies; undefined where there is none. */
export function signInBeside(parkFile: string): string | undefined {
  const file = join(dirname(resolve(parkFile)), 'sign-in.yaml')
  return existsSync(file) ? file : undefined
}

/** The settings; undefined where there is no such file. Throws `InvalidFile`, also for an enterprise that is not there. */
export function readSignInFile(
  parkFile: string,
  park: Park,
): DataFile<{ readonly oidc: OidcSettings }> | undefined {
  const file = signInBeside(parkFile)
  if (file === undefined) return undefined
  const found = readData(signInFile, file)
  const known = new Set(park.description.enterprises.map(({ id }) => id))
  const findings = found.value.oidc.roles.flatMap(({ enterprise }, index) =>
    enterprise === undefined || known.has(enterprise)
      ? []
      : {
          place: found.placeOf(['oidc', 'roles', index, 'enterprise']),
          message: `the park has no enterprise "${enterprise}"`,
        },
  )
  if (findings.length > 0) throw new InvalidFile(found.file, findings)
  return found
}

/** Throws as `readSignInFile`, and `file-unreadable` for a secret that is not there. */
export function openOidc(parkFile: string, park: Park, clock: Clock): OidcSignIn | undefined {
  const found = readSignInFile(parkFile, park)
  if (found === undefined) return undefined
  const { oidc: settings } = found.value
  const { clientSecretFile } = settings
  return new OidcSignIn({
    settings,
    clientSecret:
      clientSecretFile === undefined
        ? undefined
        : readText(resolve(dirname(found.file), clientSecretFile)).trim(),
    enterprises: park.description.enterprises.map(({ id }) => id),
    clock,
  })
}
