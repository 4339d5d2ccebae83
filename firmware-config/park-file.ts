import { indexPark, parkDescription, type Park } from '#contract/park.ts'
import { readData } from './document.ts'

/** Reads park.yaml. Throws `file-unreadable` or `InvalidFile` with file, line and column of every fault. */
export function readParkFile(file: string): Park {
  return indexPark(readData(parkDescription, file).value)
}
