import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Two serial devices that are joined by a line: what is written into one is read from the other. */
export interface PseudoTerminals {
  readonly here: string
  readonly there: string
  /** Pulls the adapter out: both devices are gone. */
  unplug(): Promise<void>
  /** Plugs it in again, under the same names. */
  plug(): Promise<void>
  remove(): Promise<void>
}

/** Made by socat, whose path is given. */
export async function makePseudoTerminals(socatPath: string): Promise<PseudoTerminals> {
  const folder = mkdtempSync(join(tmpdir(), 'tanbiao-pty-'))
  const [here, there] = [join(folder, 'here'), join(folder, 'there')]
  let stop: () => Promise<void> = () => Promise.resolve()
  const plug = async (): Promise<void> => {
    const socat = spawn(socatPath, [`pty,raw,echo=0,link=${here}`, `pty,raw,echo=0,link=${there}`])
    const ended = new Promise<void>((resolve) => socat.once('close', () => resolve()))
    stop = () => {
      socat.kill()
      return ended
    }
    while (!existsSync(here) || !existsSync(there)) {
      if (socat.exitCode !== null) throw new Error('socat ended')
      await sleep(5)
    }
  }
  await plug()
  const unplug = (): Promise<void> => stop()
  return {
    here,
    there,
    plug,
    unplug,
    remove: async () => {
      await unplug()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
