import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { profileFolder } from './profile.ts'

/** Ids of the profiles that come with tanbiao, in alphabetical order. */
export function profileIds(): string[] {
  return readdirSync(profileFolder)
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.golden.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort()
}

/** Path of a profile that comes with tanbiao. */
export function profilePath(id: string): string {
  return fileURLToPath(new URL(`${id}.yaml`, profileFolder))
}

/** Path of the golden file beside a profile. */
export function goldenPath(id: string): string {
  return fileURLToPath(new URL(`${id}.golden.yaml`, profileFolder))
}
