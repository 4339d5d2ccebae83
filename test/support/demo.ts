import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { demoGatewayPaths, demoParkPath } from '#simulators/demo.test-support.ts'
import { demoScenarioPath } from '#simulators/scenario.ts'
import { until } from './until.ts'

const command = fileURLToPath(new URL('../../cli/tanbiao.ts', import.meta.url))

/** Options with which a demo takes whatever ports are free. */
export const FREE_PORTS = ['--port', '0', '--mqtt-port', '0', '--modbus-port', '0', '--control-port', '0']

/** Options that name the plant of the demo park to the verbs of the simulator. */
export const demoPlant = [
  '--scenario',
  demoScenarioPath,
  '--park',
  demoParkPath,
  ...demoGatewayPaths.flatMap((file) => ['--config', file]),
]

/** `tanbiao demo` as a terminal runs it: its output, and how it ended. */
export class Demo {
  readonly #process: ChildProcess
  output = ''
  exitCode: number | undefined

  constructor(...args: readonly string[]) {
    this.#process = spawn(process.execPath, [command, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    this.#process.once('exit', (code) => (this.exitCode = code ?? -1))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  url(): Promise<string> {
    return until(() => /open {2}(http:\S+)/.exec(this.output)?.[1] ?? this.#failure())
  }

  controlUrl(): string {
    return /faults and truth {2}(http:\S+)/.exec(this.output)?.[1] ?? ''
  }

  ended(): Promise<number> {
    return until(() => this.exitCode)
  }

  interrupt(): void {
    this.#process.kill('SIGINT')
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  /** The one-time link of the first administrator. */
  administratorLink(): string {
    return /administrator {2}(http:\S+)/.exec(this.output)?.[1] ?? ''
  }

  #failure(): undefined {
    if (this.exitCode !== undefined) throw new Error(`the demo ended with ${this.exitCode}:\n${this.output}`)
    return undefined
  }
}
