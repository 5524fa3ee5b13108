// The part of the DNS wire format (RFC 1035, section 4) that is needed to answer one question for addresses. Pure.

export type Question = {
  readonly id: number
  readonly name: string
  readonly type: number
  /** The offset at which the question ends in its message. */
  readonly end: number
}

export const TYPE_A = 1

const HEADER_BYTES = 12
const NAME_BYTES_MAX = 255
// QR, RD, RA: a response to a recursive question, from a server that supports recursion.
const RESPONSE_FLAGS = 0x8180
const NXDOMAIN = 3
// A pointer to the question's name, right after the header.
const NAME_POINTER = 0xc000 | HEADER_BYTES
const CLASS_IN = 1

/** The first question of a message; undefined when it is not a valid query. */
export function parseQuestion(message: Buffer): Question | undefined {
  if (message.length < HEADER_BYTES || message.readUInt16BE(4) < 1) return undefined
  const labels: string[] = []
  let at = HEADER_BYTES
  for (;;) {
    const length = message[at]
    if (length === undefined || length > 63 || at + length > HEADER_BYTES + NAME_BYTES_MAX) return undefined
    at += 1
    if (length === 0) break
    labels.push(message.toString('latin1', at, at + length))
    at += length
  }
  if (at + 4 > message.length) return undefined
  return { id: message.readUInt16BE(0), name: labels.join('.'), type: message.readUInt16BE(at), end: at + 4 }
}

/**
 * `ips` undefined: the name does not exist. Questions for other types than A get an empty answer, which means that there is no record of
 * this type.
 */
export function answerTo(message: Buffer, question: Question, ips: readonly string[] | undefined): Buffer {
  const answers = question.type === TYPE_A ? (ips ?? []) : []
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(question.id, 0)
  header.writeUInt16BE(RESPONSE_FLAGS | (ips === undefined ? NXDOMAIN : 0), 2)
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(answers.length, 6)
  return Buffer.concat([header, message.subarray(HEADER_BYTES, question.end), ...answers.map(addressRecord)])
}

/** Time to live 0, because the addresses behind a name may change before the next connection. */
function addressRecord(ip: string): Buffer {
  const record = Buffer.alloc(16)
  record.writeUInt16BE(NAME_POINTER, 0)
  record.writeUInt16BE(TYPE_A, 2)
  record.writeUInt16BE(CLASS_IN, 4)
  record.writeUInt32BE(0, 6)
  record.writeUInt16BE(4, 10)
  Buffer.from(ip.split('.').map(Number)).copy(record, 12)
  return record
}
