import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program that is run to its end. */
export interface Step {
  readonly title: string
  readonly command: string
  readonly args: readonly string[]
}

interface Ended {
  readonly code: number
  /** What it wrote, in the order in which it did. */
  readonly output: string
  readonly seconds: number
}

function ended({ command, args }: Step, cwd: string, signal: AbortSignal): Promise<Ended> {
  const startedMs = performance.now()
  const pieces: Buffer[] = []
  return new Promise((resolve) => {
    const end = (code: number): void =>
      resolve({
        code,
        output: Buffer.concat(pieces).toString(),
        seconds: (performance.now() - startedMs) / 1_000,
      })
    const child = spawn(command, args, { cwd, signal, stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece))
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece))
    child.once('error', (error) => {
      pieces.push(Buffer.from(`${error.message}\n`))
      end(-1)
    })
    child.once('close', (code) => end(code ?? -1))
  })
}

/**
 * Runs lanes side by side, and the steps of each one after another: those that use one processor beside those that use
 * all. Prints what a step wrote once it has ended. Gives the step that failed first, by which all others were ended;
 * undefined where none did.
 */
export async function runLanes(
  lanes: readonly (readonly Step[])[],
  cwd: string,
  print: (text: string) => void = console.log,
): Promise<Step | undefined> {
  const abort = new AbortController()
  let failed: Step | undefined
  const run = async (steps: readonly Step[]): Promise<void> => {
    for (const step of steps) {
      if (failed !== undefined) return
      const { code, output, seconds } = await ended(step, cwd, abort.signal)
      // What was ended by another one's failure has nothing to say.
      if (failed !== undefined) return
      print(`\n── ${step.title}\n${output}   ${seconds.toFixed(1)} s`)
      if (code === 0) continue
      failed = step
      abort.abort()
    }
  }
  await Promise.all(lanes.map(run))
  return failed
}

/**
 * Runs a program whose lines are printed as it writes them, so that those of several beside each other stay whole. Gives
 * its exit code, −1 where it could not be started or was killed.
 */
export async function linesOf(
  { command, args }: Step,
  cwd: string,
  print: (line: string) => void = console.log,
): Promise<number> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', print)
  return new Promise((resolve) => {
    child.once('error', (error) => {
      print(error.message)
      resolve(-1)
    })
    child.once('close', (code) => resolve(code ?? -1))
  })
}
