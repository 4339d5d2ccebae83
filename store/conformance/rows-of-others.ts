import { power, register, T0 } from './sample-readings.ts'

/** Lines of somebody else's in tables of InfluxDB 3: none of them is a reading. */
export const rowsOfOthers: readonly string[] = [
  `electricity,meter=m-1,quantity=${power},quality=guessed value=7 ${T0 + 5_000}000000`,
  `electricity,meter=m-1,quantity=${register},quality=good value=7 ${T0 + 5_000}000000`,
  `electricity,meter=m-1,quantity=mood,quality=good value=7 ${T0 + 5_000}000000`,
  `bad,meter=m-1,quantity=${power} cause="feeling unwell" ${T0}000000`,
]
