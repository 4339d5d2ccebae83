import { indexPark, parkDescription, type Park, type ParkDescription } from '#contract/park.ts'
import { readData, type DataFile } from './document.ts'

/** Reads park.yaml. Throws `file-unreadable` or `InvalidFile` with file, line and column of every fault. */
export function readParkFile(file: string): Park {
  return indexPark(readData(parkDescription, file).value)
}

/** Reads park.yaml with the places of its parts, for checks that go beyond its shape. Throws as `readParkFile`. */
export function readParkData(file: string): DataFile<ParkDescription> {
  return readData(parkDescription, file)
}
