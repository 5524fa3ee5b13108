/** Answers of cluster DNS as DNS messages (RFC 1035). Pure. */
import {
  type Answer,
  type DecodedPacket,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet'

export type DnsQuery = { readonly id: number; readonly question: Question }

const SERVFAIL = 2
const NXDOMAIN = 3

/** The first question of a message; undefined when it is not a valid query. */
export function parseQuery(message: Buffer): DnsQuery | undefined {
  const { id, questions: [question] = [] } = decoded(message) ?? {}
  return id === undefined || question === undefined ? undefined : { id, question }
}

function decoded(message: Buffer): DecodedPacket | undefined {
  try {
    return decode(message)
  } catch {
    return undefined
  }
}

/**
 * `ips` undefined: the name does not exist. Questions for other types than A get an empty answer, which means that there is no record of
 * this type. Time to live is 0, because the addresses behind a name may change before the next connection.
 */
export function answerTo({ id, question }: DnsQuery, ips: readonly string[] | undefined): Buffer {
  const { name, type } = question
  const addresses = type === 'A' ? (ips ?? []) : []
  return encode({
    type: 'response',
    id,
    flags: RECURSION_DESIRED | RECURSION_AVAILABLE | (ips === undefined ? NXDOMAIN : 0),
    questions: [question],
    answers: addresses.map((ip) => ({ type: 'A', name, ttl: 0, data: ip })),
  })
}

/** One answer of a name server; names are full, without a trailing dot. */
export type NameRecord =
  | { readonly type: 'A'; readonly ip: string }
  | { readonly type: 'CNAME' | 'PTR'; readonly target: string }
  | { readonly type: 'SRV'; readonly port: number; readonly target: string }

/** As `answerTo`, for records of any type. */
export const answerWith = ({ id, question }: DnsQuery, records: readonly NameRecord[]): Buffer =>
  encode({
    type: 'response',
    id,
    flags: RECURSION_DESIRED | RECURSION_AVAILABLE,
    questions: [question],
    answers: records.map((record) => answerOf(question.name, record)),
  })

function answerOf(name: string, record: NameRecord): Answer {
  switch (record.type) {
    case 'A':
      return { type: 'A', name, ttl: 0, data: record.ip }
    case 'SRV':
      return { type: 'SRV', name, ttl: 0, data: { port: record.port, target: record.target } }
    default:
      return { type: record.type, name, ttl: 0, data: record.target }
  }
}

/** The server could not find out. A resolver tries again, and then reports a temporary failure. */
export const failureOf = ({ id, question }: DnsQuery): Buffer =>
  encode({
    type: 'response',
    id,
    flags: RECURSION_DESIRED | RECURSION_AVAILABLE | SERVFAIL,
    questions: [question],
    answers: [],
  })
