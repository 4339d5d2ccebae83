import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import { embeddedTexts, profileFolder as bundled } from './bundled-profiles.ts'
import { dataText, parseData } from './document.ts'
import {
  DIRECT_CONNECTION,
  profileFile,
  toRegisterMap,
  type RegisterMap,
  type TransformerRatios,
} from './profile.ts'

/** The profiles at hand: those that come with tanbiao, and those of a folder of the user. */
export interface ProfileLibrary {
  /** Paths by id, in alphabetical order of the ids. */
  readonly paths: ReadonlyMap<string, string>
  /** A profile for a site's ratios. Throws `profile-unknown` or `InvalidFile`. */
  readonly load: (id: string, ratios?: TransformerRatios) => RegisterMap
}

function idsIn(folder: string): string[] {
  let names = [...embeddedTexts.keys()]
    .filter((file) => dirname(file) === folder)
    .map((file) => basename(file))
  try {
    if (names.length === 0) names = readdirSync(folder)
  } catch (cause) {
    throw new Fault('file-unreadable', `The folder of profiles ${folder} cannot be read.`, {
      place: { file: folder },
      cause,
    })
  }
  return names
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.golden.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
}

/**
 * Register maps by file and ratios, with the text that they were made of: parsing is what takes time, and a gateway that
 * takes a new configuration goes on polling. It grows with the profiles and ratios of one site.
 */
export type ParsedProfiles = Map<string, { readonly text: string; readonly map: RegisterMap }>

/**
 * The library with the profiles of a folder beside those that come with tanbiao. A profile is read when it is asked for,
 * and parsed where it is not known from `parsed`.
 * Throws `file-unreadable` for a folder that is none, `file-invalid` for an id that is there twice: which of the two
 * a gateway meant could not be told.
 */
export function openProfiles(folder?: string, parsed: ParsedProfiles = new Map()): ProfileLibrary {
  const paths = new Map(idsIn(bundled).map((id) => [id, join(bundled, `${id}.yaml`)]))
  for (const id of folder === undefined ? [] : idsIn(folder)) {
    const file = join(folder ?? '', `${id}.yaml`)
    const other = paths.get(id)
    if (other !== undefined) {
      throw new Fault(
        'file-invalid',
        `The profile "${id}" is there twice, in ${other} too: rename this one.`,
        {
          place: { file },
        },
      )
    }
    paths.set(id, file)
  }
  return {
    paths: new Map([...paths].sort(([a], [b]) => (a < b ? -1 : 1))),
    load: (id, ratios = DIRECT_CONNECTION) => {
      const file = paths.get(id)
      if (file === undefined) throw new Fault('profile-unknown', `There is no meter profile "${id}".`)
      const text = dataText(file)
      const key = `${file} ${ratios.current} ${ratios.voltage}`
      const known = parsed.get(key)
      if (known?.text === text) return known.map
      const map = toRegisterMap(parseData(profileFile, text, file), ratios)
      parsed.set(key, { text, map })
      return map
    },
  }
}

/** Ids of the profiles that come with tanbiao, in alphabetical order. */
export function profileIds(): string[] {
  return idsIn(bundled).sort()
}

/** Path of a profile that comes with tanbiao. */
export function profilePath(id: string): string {
  return join(bundled, `${id}.yaml`)
}

/** Path of the golden file beside a profile. */
export function goldenPath(id: string): string {
  return join(bundled, `${id}.golden.yaml`)
}
