import { isIP } from 'node:net'

/** The name in a Host header (RFC 9110 §7.2) or of an address to listen on: lower case, without port and brackets. */
function nameIn(host: string): string {
  const name = /^\[([^\]]*)\](?::\d*)?$/.exec(host)?.[1] ?? host.replace(/:\d*$/, '')
  return name.toLowerCase().replace(/\.$/, '')
}

/**
 * Which Host headers are answered. A web page of an attacker can give its own name our address (DNS rebinding) and
 * then read our answers as its own; but the browser still sends that name as the host. So a name must be one of ours:
 * localhost, the host that was bound, or one that was configured. An IP address is no name that could be rebound.
 */
export function hostRule(bound: string, names: readonly string[]): (host: string) => boolean {
  const ours = new Set(['localhost', bound.toLowerCase(), ...names.map(nameIn)])
  return (host) => {
    const name = nameIn(host)
    return name !== '' && (ours.has(name) || isIP(name) !== 0 || name.endsWith('.localhost'))
  }
}
