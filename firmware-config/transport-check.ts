import type { DataFile, Finding } from './document.ts'
import type { BusDescription, GatewayFile } from './gateway.ts'

/** What is wrong with the lines of a gateway file. Whether a device is there shows only on the gateway. */

/** Addresses of a serial line: 0 is for everybody and is not answered (MODBUS over Serial Line 1.02 §2.2). */
const SERIAL_UNITS = { first: 1, last: 247 } as const

const serialOf = (transport: BusDescription['transport']): string => {
  if (transport.kind === 'tcp') return 'Modbus TCP'
  const { kind, baudRate, parity, stopBits, lateMs } = transport
  const manner = `${baudRate} baud, parity ${parity}, ${stopBits} stop bit${stopBits === 1 ? '' : 's'}`
  return `${kind}, ${manner}, lateMs ${lateMs}`
}

/** Contradictions between buses at one place, and addresses that a serial line does not have. */
export function transportContradictions(data: DataFile<GatewayFile>): Finding[] {
  const findings: Finding[] = []
  const say = (path: readonly (string | number)[], message: string): void => {
    findings.push({ place: data.placeOf(path), message })
  }
  const first = new Map<string, BusDescription>()
  const units = new Map<string, string>()
  for (const [b, bus] of data.value.buses.entries()) {
    const { transport } = bus
    const place = transport.kind === 'rtu' ? transport.path : `${transport.host}:${transport.port}`
    const other = first.get(place)
    if (other === undefined) first.set(place, bus)
    else if (serialOf(other.transport) !== serialOf(transport)) {
      const message = `the bus "${other.id}" is at ${place} too, with ${serialOf(other.transport)}: a line can be set in one way only`
      say(['buses', b, 'transport'], message)
    }
    for (const [m, { meter, unit }] of bus.meters.entries()) {
      const path = ['buses', b, 'meters', m, 'unit']
      const key = `${place} ${unit}`
      const taken = units.get(key)
      // On one bus the check of the bus itself says so.
      if (
        taken !== undefined &&
        other !== undefined &&
        !bus.meters.slice(0, m).some((each) => each.unit === unit)
      ) {
        say(path, `unit ${unit} at ${place} is "${taken}" of another bus already`)
      }
      units.set(key, taken ?? meter)
      if (transport.kind !== 'tcp' && (unit < SERIAL_UNITS.first || unit > SERIAL_UNITS.last)) {
        const message = `unit ${unit} does not exist on a serial line: ${SERIAL_UNITS.first} to ${SERIAL_UNITS.last}`
        say(path, message)
      }
    }
  }
  return findings
}
