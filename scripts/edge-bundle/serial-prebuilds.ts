/** The serial binding for each platform, as base64 of a Zstandard frame; filled in when the program is bundled (build.ts). */
export const serialPrebuilds: Readonly<Record<string, string>> = {}
