import type { IClientOptions } from 'mqtt'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { identifier } from '#contract/identity.ts'
import { accessOptions } from '#edge/connection.ts'
import type { ListenerTls } from '#ingest/listener.ts'
import { port, text } from './options.ts'

/** The options of the embedded broker. */
export const brokerOptions = {
  'mqtt-host': text.default('127.0.0.1').meta({ description: 'Address of the embedded broker (127.0.0.1)' }),
  'mqtt-port': port
    .default(1883)
    .meta({ description: 'Port of the embedded broker (1883; 0 takes a free one)' }),
  'mqtt-certificate': text
    .optional()
    .meta({ description: 'PEM file of the embedded broker’s certificate: it then speaks TLS alone' }),
  'mqtt-key': text.optional().meta({ description: 'PEM file of its private key' }),
  'mqtt-client-ca': text.optional().meta({
    description:
      'PEM file of the authorities that may sign gateways’ certificates (CN or DNS name = gateway)',
  }),
  'mqtt-client-crl': text.optional().meta({ description: 'PEM file of their revoked certificates' }),
}

const options = z.object(brokerOptions)

/** The options of a connection to a broker that is not ours. */
export const brokerAccessOptions = {
  'broker-credentials': text
    .optional()
    .meta({ description: 'YAML file with username and password for a broker of yours' }),
  'broker-ca': text
    .optional()
    .meta({ description: 'PEM file of the authorities that may sign its certificate' }),
  'broker-client-certificate': text
    .optional()
    .meta({ description: 'PEM file of the certificate that it is shown' }),
  'broker-client-key': text.optional().meta({ description: 'PEM file of its private key' }),
}

/** Workers of one group share what comes from a broker that is not ours. */
export const shareOptions = {
  'share-group': identifier.optional().meta({
    description:
      'Workers of one group share the payloads ($share/NAME/…); the broker must know shared subscriptions',
  }),
}

const accessGiven = z.object(brokerAccessOptions)

/**
 * How a worker shows itself to a broker that is not ours: its files are read at each connection, and once now, so that
 * a wrong name is told at the start. Throws `file-unreadable` or `InvalidFile`.
 */
export function brokerAccessOf(url: string, given: z.output<typeof accessGiven>): () => IClientOptions {
  const file = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(name)
  const { 'broker-client-certificate': certificate, 'broker-client-key': key } = given
  if ((certificate === undefined) !== (key === undefined))
    throw new Fault(
      'argument-invalid',
      '--broker-client-certificate and --broker-client-key belong together.',
    )
  const access = (): IClientOptions =>
    accessOptions({
      url,
      mqttVersion: '3.1.1',
      keepAliveSeconds: 30,
      tls: /^(mqtts|wss):/.test(url)
        ? { ca: file(given['broker-ca']), certificate: file(certificate), key: file(key) }
        : undefined,
      credentialsFile: file(given['broker-credentials']),
    })
  access()
  return access
}

function content(option: string, file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('file-unreadable', `--${option}: ${reason}`, { place: { file }, cause })
  }
}

/** What the embedded broker shows of itself and whom it trusts; undefined without TLS. */
export function tlsOf(given: z.output<typeof options>): ListenerTls | undefined {
  const { 'mqtt-certificate': certificate, 'mqtt-key': key, 'mqtt-client-ca': authorities } = given
  const revoked = given['mqtt-client-crl']
  if ((certificate === undefined) !== (key === undefined))
    throw new Fault('argument-invalid', '--mqtt-certificate and --mqtt-key belong together.')
  if (certificate === undefined || key === undefined) {
    if (authorities !== undefined || revoked !== undefined)
      throw new Fault(
        'argument-invalid',
        '--mqtt-client-ca needs --mqtt-certificate: certificates are shown in TLS.',
      )
    return undefined
  }
  return {
    certificate: content('mqtt-certificate', certificate),
    key: content('mqtt-key', key),
    ...(authorities === undefined ? {} : { clientAuthorities: content('mqtt-client-ca', authorities) }),
    ...(revoked === undefined ? {} : { revoked: content('mqtt-client-crl', revoked) }),
  }
}
