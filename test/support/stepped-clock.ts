import { readFileSync } from 'node:fs'

/**
 * Preloaded (`--import`) into a process whose wall clock a test sets: at SIGUSR2 it is off by as many milliseconds as the
 * file says. The monotonic clock goes on, as it does when somebody sets the time of a machine.
 */
const file = process.env['TANBIAO_TEST_CLOCK'] ?? ''
const machineNow = Date.now.bind(Date)
let offMs = 0

Date.now = () => machineNow() + offMs
process.on('SIGUSR2', () => {
  offMs = Number(readFileSync(file, 'utf8'))
})
