/**
 * A reader for the protocol buffer wire format (https://protobuf.dev/programming-guides/encoding/), as far as remote write and OTLP need
 * it. It reads in place and never beyond the bytes it was given: whatever is malformed throws ProtobufError.
 */

export class ProtobufError extends Error {
  constructor(problem: string) {
    super(problem)
    this.name = 'ProtobufError'
  }
}

export type Reader = {
  /** Number of the next field, or 0 at the end; its value must be read or skipped before the next call. */
  field(): number
  /** A 64-bit varint in two's complement; throws when it is not a safe integer. */
  integer(): number
  /** A zigzag-encoded signed varint; throws when it is not a safe integer. */
  signed(): number
  double(): number
  /** A 64-bit integer of fixed length; throws when it is not a safe integer. */
  fixed64(): number
  text(): string
  /** A reader of the embedded message, which must end before this one is read on. */
  message(): Reader
  /** A repeated field of signed varints, packed or one element of an unpacked one. */
  signedList(into: number[]): void
  /** The same for integers without a zigzag encoding. */
  integerList(into: number[]): void
  skip(): void
}

// Wire types of the encoding; groups (3 and 4) are deprecated and refused.
const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

const TWO_32 = 2 ** 32

/** A 64-bit number in two halves: JavaScript's bitwise operators end at 32 bits, and a BigInt per varint is slow. */
type Word = { readonly low: number; readonly high: number }

type Span = { readonly bytes: Uint8Array; readonly view: DataView; at: number; readonly end: number }

const decoder = new TextDecoder('utf-8', { fatal: true })

export function createReader(bytes: Uint8Array): Reader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return readerOf({ bytes, view, at: 0, end: bytes.byteLength })
}

function readerOf(span: Span): Reader {
  let wireType = VARINT
  const expect = (type: number): void => {
    if (wireType !== type) throw new ProtobufError(`a field has wire type ${wireType}, expected ${type}`)
  }
  const varintOf = (read: (word: Word) => number): number => {
    expect(VARINT)
    return read(varint(span))
  }
  const inner = (): Span => {
    expect(BYTES)
    return embedded(span)
  }
  const listOf = (into: number[], read: (word: Word) => number): void => {
    if (wireType !== BYTES) into.push(varintOf(read))
    else for (const packed = inner(); packed.at < packed.end; ) into.push(read(varint(packed)))
  }
  return {
    field: () => {
      if (span.at === span.end) return 0
      const { low, high } = varint(span)
      wireType = low & 7
      if (high !== 0 || low >>> 3 === 0) throw new ProtobufError('a field number is out of range')
      return low >>> 3
    },
    integer: () => varintOf(twosComplement),
    signed: () => varintOf(zigzag),
    double: () => {
      expect(FIXED64)
      return span.view.getFloat64(take(span, 8), true)
    },
    fixed64: () => {
      expect(FIXED64)
      const at = take(span, 8)
      return twosComplement({ low: span.view.getUint32(at, true), high: span.view.getUint32(at + 4, true) })
    },
    text: () => textOf(inner()),
    message: () => readerOf(inner()),
    signedList: (into) => listOf(into, zigzag),
    integerList: (into) => listOf(into, twosComplement),
    skip: () => skip(span, wireType),
  }
}

function take(span: Span, length: number): number {
  const from = span.at
  if (from + length > span.end) throw new ProtobufError('the message ends within a field')
  span.at = from + length
  return from
}

function varint(span: Span): Word {
  let low = 0
  let high = 0
  for (let shift = 0; shift < 70; shift += 7) {
    const byte = span.bytes[take(span, 1)] ?? 0
    const bits = byte & 0x7f
    if (shift < 32) low |= bits << shift
    if (shift === 28) high |= bits >>> 4
    if (shift > 28) high |= bits << (shift - 32)
    if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 }
  }
  throw new ProtobufError('a varint is longer than ten bytes')
}

function embedded(span: Span): Span {
  const { low, high } = varint(span)
  if (high !== 0) throw new ProtobufError('a length is out of range')
  const at = take(span, low)
  return { bytes: span.bytes, view: span.view, at, end: at + low }
}

function skip(span: Span, wireType: number): void {
  if (wireType === VARINT) varint(span)
  else if (wireType === FIXED64) take(span, 8)
  else if (wireType === FIXED32) take(span, 4)
  else if (wireType === BYTES) embedded(span)
  else throw new ProtobufError(`wire type ${wireType} is not known`)
}

function textOf({ bytes, at, end }: Span): string {
  try {
    return decoder.decode(bytes.subarray(at, end))
  } catch {
    throw new ProtobufError('a text is not UTF-8')
  }
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new ProtobufError('an integer is beyond 2^53')
  return value
}

const twosComplement = ({ low, high }: Word): number => safe((high | 0) * TWO_32 + low)

/** 0, -1, 1, -2, … are encoded as 0, 1, 2, 3, … */
function zigzag({ low, high }: Word): number {
  const half = safe(Math.floor(high / 2) * TWO_32 + (high & 1) * (TWO_32 / 2) + (low >>> 1))
  return (low & 1) === 0 ? half : -half - 1
}
