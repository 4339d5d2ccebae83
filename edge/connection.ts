import { readFileSync } from 'node:fs'
import type { IClientOptions } from 'mqtt'
import { Fault, type FaultCode } from '#contract/fault.ts'
import { readCredentials, type GatewayFile } from '#firmware-config/gateway.ts'

/** How a gateway shows itself to the broker, and what a failed connection means. */

/** What the gateway file says of the connection. Files are read at each connection, so that renewed ones are taken. */
export type Access = Pick<
  GatewayFile['uplink'],
  'url' | 'mqttVersion' | 'keepAliveSeconds' | 'tls' | 'credentialsFile'
>

function contentOf(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('file-unreadable', `The file cannot be read: ${reason}.`, { place: { file }, cause })
  }
}

/**
 * Where a URL points, as options of MQTT.js: when it takes the URL apart itself, Node warns of the way in which it does,
 * between the lines of the log.
 */
function brokerOf(url: string): IClientOptions {
  const { protocol, hostname, port, username, password } = new URL(url)
  return {
    protocol: protocol === 'mqtts:' ? 'mqtts' : 'mqtt',
    // IPv6 addresses have brackets in URLs only.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }
}

/** MQTT.js options for one connection. Throws `file-unreadable` or `InvalidFile`. */
export function accessOptions({
  url,
  mqttVersion,
  keepAliveSeconds,
  tls,
  credentialsFile,
}: Access): IClientOptions {
  return {
    ...brokerOf(url),
    protocolVersion: mqttVersion === '5' ? 5 : 4,
    keepalive: keepAliveSeconds,
    // Without a receipt a row is sent again by the journal: the broker is to keep nothing.
    ...(mqttVersion === '5' ? { properties: { sessionExpiryInterval: 0 } } : {}),
    ...(tls === undefined
      ? {}
      : {
          ...(tls.ca === undefined ? {} : { ca: contentOf(tls.ca) }),
          ...(tls.certificate === undefined ? {} : { cert: contentOf(tls.certificate) }),
          ...(tls.key === undefined ? {} : { key: contentOf(tls.key) }),
          ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
        }),
    rejectUnauthorized: true,
    ...(credentialsFile === undefined ? {} : readCredentials(credentialsFile)),
  }
}

/** Codes with which Node refuses a server's certificate (nodejs.org/api/tls.html, "X509 certificate error codes"). */
const UNTRUSTED =
  /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_|CRL_|ERROR_IN_|INVALID_|PATH_LENGTH|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME)/
/** Alerts with which a server refuses ours (RFC 8446 §6.2), and a key that does not fit its certificate. */
const REFUSED = /ALERT_(BAD_|UNSUPPORTED_)?CERTIFICATE|ALERT_(UNKNOWN_CA|ACCESS_DENIED)|KEY_VALUES_MISMATCH/

/** The code of a failed connection: what is to be mended, and where. */
export function connectionFault(error: Error): FaultCode {
  const code = 'code' in error ? error.code : undefined
  // MQTT.js puts the broker's CONNACK code there.
  if (typeof code === 'number') return 'uplink-refused'
  if (typeof code !== 'string') return 'broker-unavailable'
  if (UNTRUSTED.test(code)) return 'uplink-untrusted'
  return REFUSED.test(code) ? 'uplink-certificate-refused' : 'broker-unavailable'
}
