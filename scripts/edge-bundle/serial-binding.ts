import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { serialPrebuilds } from './serial-prebuilds.ts'

/** Native code is loaded from a file only; this one is ours alone (a new folder of mode 0700) and gone once it is loaded. */
function load(bytes: Uint8Array): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-serial-'))
  const file = join(folder, 'binding.node')
  const module: { exports: unknown } = { exports: {} }
  try {
    writeFileSync(file, bytes, { mode: 0o600, flag: 'wx' })
    process.dlopen(module, file)
    return module.exports
  } catch (cause) {
    throw new Error(
      `The serial binding cannot be loaded from ${folder}: TMPDIR must name a folder from which code may be run.`,
      { cause },
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** True where programs are linked with glibc; Alpine and OpenWrt have musl. */
function hasGlibc(): boolean {
  const report: unknown = process.report.getReport()
  const header =
    typeof report === 'object' && report !== null && 'header' in report ? report.header : undefined
  return typeof header === 'object' && header !== null && 'glibcVersionRuntime' in header
}

/**
 * The serial binding of this machine, out of this program; in a checkout node-gyp-build looks for its file instead. Called when the first serial device is opened.
 */
export default function serialBinding(): unknown {
  const platform = `linux-${process.arch}-${hasGlibc() ? 'glibc' : 'musl'}`
  const packed = process.platform === 'linux' ? serialPrebuilds[platform] : undefined
  if (packed === undefined) {
    throw new Error(`This program has no serial binding for ${process.platform} on ${process.arch}.`)
  }
  return load(zstdDecompressSync(Buffer.from(packed, 'base64')))
}
