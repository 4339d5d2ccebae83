import type { Park } from '#contract/park.ts'
import { filterOf, topicOf, upLeaves, downLeaves } from '#contract/topics.ts'

/**
 * Rights of every client at a broker that is not ours, as the files that these brokers read. Usernames are the ids of
 * gateways; what is not named is denied. The embedded broker has the same rights (ingest/rights.ts).
 */
export interface BrokerClients {
  readonly park: Park
  /** Usernames of ingest workers. */
  readonly ingest: readonly string[]
  /** Usernames of programs that publish signed configurations. */
  readonly operators: readonly string[]
}

export const brokerKinds = ['mosquitto', 'emqx'] as const
export type BrokerKind = (typeof brokerKinds)[number]

/** What a client may do: filters that it may read, topics that it may write. */
interface Rights {
  readonly username: string
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** Of `write`, those that may be retained. */
  readonly retain: readonly string[]
}

function rightsOf({ park, ingest, operators }: BrokerClients): Rights[] {
  const id = park.description.id
  const gateways = [...park.gateways.keys()].map((gateway): Rights => {
    const topics = (leaves: readonly (typeof upLeaves | typeof downLeaves)[number][]): string[] =>
      leaves.map((leaf) => topicOf({ park: id, gateway, leaf }))
    return {
      username: gateway,
      read: topics(downLeaves),
      write: topics(upLeaves),
      retain: topics(['state']),
    }
  })
  const all = (leaves: readonly (typeof upLeaves | typeof downLeaves)[number][]): string[] =>
    leaves.map((leaf) => filterOf(id, leaf))
  return [
    ...ingest.map((username) => ({
      username,
      read: all(upLeaves),
      write: all(['receipt', 'command']),
      retain: [],
    })),
    ...operators.map((username) => ({
      username,
      read: all(['state']),
      write: all(['configuration']),
      retain: all(['configuration']),
    })),
    ...gateways,
  ]
}

const HEAD = (park: string, how: string): string[] => [
  `Rights of the MQTT clients of the park "${park}", printed by "tanbiao broker rights".`,
  'Printed again when the park file changes. Whoever is not named here may do nothing.',
  how,
]

/** A file for mosquitto's `acl_file`. mosquitto knows no right to retain: whoever may write may retain. */
function mosquittoFile(clients: BrokerClients): string {
  const how = 'With "allow_anonymous false" and, where gateways connect, "use_username_as_clientid true".'
  const blocks = rightsOf(clients).map(({ username, read, write }) =>
    [
      `user ${username}`,
      ...read.map((filter) => `topic read ${filter}`),
      ...write.map((filter) => `topic write ${filter}`),
    ].join('\n'),
  )
  const head = HEAD(clients.park.description.id, how).map((line) => `# ${line}`)
  return `${[head.join('\n'), ...blocks].join('\n\n')}\n`
}

const erlang = (text: string): string => `"${text}"`
const erlangList = (texts: readonly string[]): string => `[${texts.map(erlang).join(', ')}]`

/** A file for EMQX's authorization source "file" (acl.conf), version 5.1 or later. Its last rule denies all else. */
function emqxFile(clients: BrokerClients): string {
  const how =
    'With "authorization.no_match = deny"; tie client ids to usernames in the listener’s authentication.'
  const rules = rightsOf(clients).flatMap(({ username, read, write, retain }) => {
    const user = `{username, ${erlang(username)}}`
    const plain = write.filter((topic) => !retain.includes(topic))
    return [
      `{allow, ${user}, subscribe, ${erlangList(read)}}.`,
      ...(plain.length === 0
        ? []
        : [`{allow, ${user}, {publish, [{retain, false}]}, ${erlangList(plain)}}.`]),
      ...(retain.length === 0 ? [] : [`{allow, ${user}, publish, ${erlangList(retain)}}.`]),
    ]
  })
  const head = HEAD(clients.park.description.id, how).map((line) => `%% ${line}`)
  return `${[...head, '', ...rules, '{deny, all}.'].join('\n')}\n`
}

/** The rights of all clients, as a file of this broker. */
export function brokerRightsFile(kind: BrokerKind, clients: BrokerClients): string {
  return kind === 'mosquitto' ? mosquittoFile(clients) : emqxFile(clients)
}
