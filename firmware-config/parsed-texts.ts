/**
 * What YAML texts hold that were parsed before, as JSON, by the SHA-256 of the text. The prepared program has those that
 * come with tanbiao (scripts/build-program.ts), because to parse them takes a process longer than all else that it does
 * before it is ready; the sources have none.
 */
export const parsedTexts: ReadonlyMap<string, string> = new Map()
