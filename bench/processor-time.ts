import { readdirSync, readFileSync } from 'node:fs'

/** A clock tick of /proc/PID/stat, proc(5): 1/100 s on Linux. */
const TICK_SECONDS = 0.01

interface ProcessUse {
  readonly parent: number
  /** Of itself and of its children that have ended. */
  readonly seconds: number
}

function processes(): Map<number, ProcessUse> {
  const found = new Map<number, ProcessUse>()
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      // The name of the program stands in brackets and may hold anything; what follows are numbers.
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0)
      found.set(Number(name), { parent: Number(fields[1]), seconds: ticks * TICK_SECONDS })
    } catch {
      // It ended between the listing and the look.
    }
  }
  return found
}

/** Processor time so far of a process and all that descend from it, in seconds; 0 for one that is not there. */
export function processorSeconds(root: number, except?: number): number {
  const all = processes()
  const isWithin = (pid: number): boolean => {
    for (let each = pid; each > 1; each = all.get(each)?.parent ?? 0) {
      if (each === except) return false
      if (each === root) return true
    }
    return false
  }
  let seconds = 0
  for (const [pid, use] of all) if (isWithin(pid)) seconds += use.seconds
  return seconds
}
