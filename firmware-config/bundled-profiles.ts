import { fileURLToPath } from 'node:url'

/**
 * Where the profiles that come with tanbiao are. In the one-file program of a gateway there is no folder: another module
 * takes the place of this one, with their texts (scripts/edge-bundle/build.ts).
 */
export const profileFolder: string = fileURLToPath(new URL('profiles/', import.meta.url))

/** Texts that stand for files, by path; without one the file is read. */
export const embeddedTexts: ReadonlyMap<string, string> = new Map()
