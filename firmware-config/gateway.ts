import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { resolution } from '#contract/amount.ts'
import { identifier } from '#contract/identity.ts'
import { quantityName } from '#contract/quantities.ts'
import { parseData, readData, type DataFile } from './document.ts'

/** The shape of gateway.yaml: what one gateway reads, how often, and where it delivers. */

const milliseconds = z.int().min(1).max(600_000)

/** How bytes travel on a serial line; a character is a start bit, 8 data bits, parity if any, and the stop bits. */
export const serialSettings = z.strictObject({
  baudRate: z.int().min(300).max(4_000_000).default(9_600),
  parity: z.enum(['none', 'even', 'odd']).default('none'),
  stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
})
export type SerialSettings = z.infer<typeof serialSettings>

/** What MODBUS Messaging on TCP/IP 1.0b proposes for servers: 1 to 16 (NumberMaxOfServerTransaction). */
const REQUESTS_AT_ONCE_MAX = 16

const tcpTransport = z.strictObject({
  kind: z.literal('tcp').meta({ description: 'Modbus TCP (MBAP)' }),
  host: z
    .string()
    .min(1)
    .meta({ description: 'Address of the meter or of the Modbus TCP gateway before it' }),
  port: z.int().min(1).max(65_535).default(502),
  requestsAtOnce: z.int().min(1).max(REQUESTS_AT_ONCE_MAX).optional().meta({
    description:
      'Requests that may be under way on its connection at the same time, each to another meter; 1 by default, because most gateways to serial lines answer one after the other',
  }),
  line: serialSettings.optional().meta({
    description: 'The serial line behind a Modbus TCP gateway: the planner counts its character times',
  }),
})

const lateMs = milliseconds.default(1_000).meta({
  description:
    'How long after its timeout an answer may still come; a unit that owes one is not asked again before',
})

const rtuTransport = z.strictObject({
  kind: z.literal('rtu').meta({ description: 'Modbus RTU on a serial line (RS-485)' }),
  path: z.string().min(1).meta({ description: 'Device of the line, e.g. /dev/ttyUSB0' }),
  ...serialSettings.shape,
  lateMs,
})

const rtuOverTcpTransport = z.strictObject({
  kind: z
    .literal('rtu-over-tcp')
    .meta({ description: 'Modbus RTU frames through a transparent serial server' }),
  host: z.string().min(1).meta({ description: 'Address of the serial server' }),
  port: z.int().min(1).max(65_535),
  ...serialSettings.shape,
  lateMs,
})

const pollSeconds = z.number().min(0.1).max(3_600)

const meterLine = z.strictObject({
  meter: identifier.meta({ description: 'Id of the meter in the park file' }),
  unit: z.int().min(0).max(255).meta({ description: 'Modbus unit address' }),
  profile: identifier.meta({ description: 'File name in firmware-config/profiles, without .yaml' }),
  everySeconds: pollSeconds.default(10).meta({
    description:
      'Poll interval; polls are aligned to the wall clock. Cumulative quantities are read at the quarter hours besides',
  }),
  quantities: z
    .array(quantityName)
    .optional()
    .meta({ description: 'Read only these; all of the profile by default' }),
  rates: z
    .array(
      z.strictObject({
        everySeconds: pollSeconds.meta({ description: 'Poll interval of these quantities' }),
        quantities: z.array(quantityName).min(1),
      }),
    )
    .max(4)
    .default([])
    .meta({ description: 'Other poll intervals for some quantities; the others keep `everySeconds`' }),
  ratios: z
    .strictObject({ current: resolution.default('1'), voltage: resolution.default('1') })
    .prefault({})
    .meta({ description: 'Transformer ratios of the site' }),
  simulated: z.boolean().default(false).meta({ description: 'Marks every reading as simulated' }),
})

const busDescription = z.strictObject({
  id: identifier,
  transport: z.discriminatedUnion('kind', [tcpTransport, rtuTransport, rtuOverTcpTransport]),
  timeoutMs: milliseconds.default(1_000).meta({
    description:
      'How long an answer may take. Over RTU a unit that did not answer is not asked again for so long, and lateMs after it',
  }),
  meters: z.array(meterLine).min(1),
})

const path = z.string().min(1)

const uplink = z
  .strictObject({
    url: z
      .url({ protocol: /^mqtts?$/ })
      .meta({ description: 'MQTT broker, e.g. mqtts://broker.example:8883' }),
    mqttVersion: z.enum(['3.1.1', '5']).default('3.1.1'),
    tls: z
      .strictObject({
        ca: path.optional().meta({
          description:
            'PEM file of the authorities that may sign the broker’s certificate; the system’s by default',
        }),
        certificate: path.optional().meta({ description: 'PEM file of the gateway’s certificate' }),
        key: path.optional().meta({ description: 'PEM file of its private key' }),
        serverName: z.string().min(1).optional().meta({
          description: 'Name in the broker’s certificate, where it is not that of the URL',
        }),
      })
      .refine(({ certificate, key }) => (certificate === undefined) === (key === undefined), {
        message: 'a certificate and its key belong together',
      })
      .optional()
      .meta({
        description: 'For mqtts. File names are relative to this file; they are read at each connection',
      }),
    credentialsFile: path.optional().meta({
      description: 'YAML file with username and password, relative to this file; read at each connection',
    }),
    keepAliveSeconds: z.int().min(5).max(1_200).default(30),
    inFlightBatches: z.int().min(1).max(128).optional().meta({
      description:
        'Batches on their way without a receipt, at most: always this many where it is given. By default as many as the line takes: 8 at first, up to 128 while receipts come within 250 ms, fewer again when they take more than 500 ms',
    }),
    receiptTimeoutMs: milliseconds.default(5_000).meta({
      description: 'After this long without a receipt a batch is sent again, then with growing pauses',
    }),
    backlogBytesPerSecond: z.int().min(1_024).optional().meta({
      description:
        'How fast old batches may be sent, so that a metered or narrow link stays usable; unlimited by default',
    }),
    compression: z.enum(['zstd', 'none']).default('zstd').meta({
      description: 'How batches are written to the journal and sent; the server takes both',
    }),
  })
  .refine(({ url, tls }) => tls === undefined || url.startsWith('mqtts:'), {
    message: 'tls needs a URL that begins with mqtts:',
    path: ['tls'],
  })

export const gatewayFile = z.strictObject({
  gateway: identifier,
  park: identifier,
  uplink,
  journal: z
    .strictObject({
      commitWindowMs: z.int().min(0).max(10_000).default(200).meta({
        description: 'Readings that arrive within this time are one batch and one disk write',
      }),
      graceHours: z.number().min(0).default(24).meta({
        description: 'How long a batch is kept after its receipt, so that it can be asked for again',
      }),
      quotaMegabytes: z.number().min(4).max(1_000_000).default(1_024).meta({
        description: 'Space that it may use on disk, in 10⁶ bytes; its write-ahead log takes up to 17 more',
      }),
      whenFull: z.enum(['drop-oldest', 'stop']).default('drop-oldest').meta({
        description:
          'What is lost when the quota is used up: the oldest readings, those of energy registers at the quarters of an hour last, or new ones; a gap record says it',
      }),
      maxAgeDays: z.number().positive().max(36_500).optional().meta({
        description:
          'Readings that could not be delivered for so long are dropped, and a gap record says it; kept by default',
      }),
      fsync: z.enum(['full', 'normal']).default('full').meta({
        description:
          'full: a power cut takes back nothing that was written. normal: it may take back the newest 4 MB; fewer disk writes',
      }),
    })
    .prefault({}),
  probationSeconds: z.number().min(1).max(3_600).default(60).meta({
    description:
      'A change of this file is taken back when uplink and meters do not work within this time after it',
  }),
  buses: z.array(busDescription).min(1),
})

export type GatewayFile = z.infer<typeof gatewayFile>
export type BusDescription = z.infer<typeof busDescription>
export type MeterLine = z.infer<typeof meterLine>

/** Reads gateway.yaml; files that it names are resolved from its folder. Throws `file-unreadable` or `InvalidFile`. */
export function readGatewayFile(file: string): DataFile<GatewayFile> {
  return withPaths(readData(gatewayFile, file), dirname(file))
}

/**
 * The same from a text.
 * @param name what findings call the text
 * @param folder from which files that it names are resolved
 * Throws `InvalidFile`.
 */
export function parseGatewayText(text: string, name: string, folder: string): DataFile<GatewayFile> {
  return withPaths(parseData(gatewayFile, text, name), folder)
}

function withPaths(data: DataFile<GatewayFile>, folder: string): DataFile<GatewayFile> {
  return { ...data, value: { ...data.value, uplink: resolved(data.value.uplink, folder) } }
}

function resolved(given: GatewayFile['uplink'], folder: string): GatewayFile['uplink'] {
  const { tls, credentialsFile, ...rest } = given
  const from = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(folder, name)
  const { serverName } = tls ?? {}
  return {
    ...rest,
    ...(credentialsFile === undefined ? {} : { credentialsFile: from(credentialsFile) }),
    ...(tls === undefined
      ? {}
      : { tls: { ca: from(tls.ca), certificate: from(tls.certificate), key: from(tls.key), serverName } }),
  }
}

const credentials = z.strictObject({ username: z.string().min(1), password: z.string().min(1) })

/** Reads the file that `credentialsFile` names. Throws `file-unreadable` or `InvalidFile`. */
export function readCredentials(file: string): z.infer<typeof credentials> {
  return readData(credentials, file).value
}
