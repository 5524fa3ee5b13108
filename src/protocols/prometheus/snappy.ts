/**
 * Decompression of the snappy block format (https://github.com/google/snappy/blob/main/format_description.txt). The packaged
 * decoders trust their input: a crafted length can send them into an endless loop, and this one stands on a port.
 */

export class SnappyError extends Error {
  constructor(problem: string) {
    super(`not a snappy block: ${problem}`)
    this.name = 'SnappyError'
  }
}

/** The uncompressed bytes; throws SnappyError when the block is malformed or claims more than `bytesMax`. */
export function uncompress(block: Uint8Array, bytesMax: number): Uint8Array {
  const { length, at } = preamble(block)
  if (length > bytesMax) throw new SnappyError(`${length} bytes uncompressed, at most ${bytesMax} are taken`)
  const output = new Uint8Array(length)
  const state = { block, output, at, to: 0 }
  while (state.at < block.length) element(state)
  if (state.to !== length) throw new SnappyError(`${state.to} bytes uncompressed, ${length} were announced`)
  return output
}

type State = { readonly block: Uint8Array; readonly output: Uint8Array; at: number; to: number }

/** The uncompressed length: a little-endian varint of at most 32 bits. */
function preamble(block: Uint8Array): { length: number; at: number } {
  let length = 0
  for (let at = 0; at < 5; at++) {
    const byte = block[at]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return { length, at: at + 1 }
  }
  throw new SnappyError('its length is unreadable')
}

/** One element: its low two bits say whether bytes follow, or a copy with an offset of 1, 2 or 4 bytes. */
function element(state: State): void {
  const tag = little(state, 1)
  const bits = tag >>> 2
  switch (tag & 3) {
    case 0:
      return literal(state, (bits < 60 ? bits : little(state, bits - 59)) + 1)
    case 1:
      return copy(state, (bits & 7) + 4, (tag >>> 5) * 256 + little(state, 1))
    case 2:
      return copy(state, bits + 1, little(state, 2))
    default:
      return copy(state, bits + 1, little(state, 4))
  }
}

function little(state: State, size: number): number {
  const from = forward(state, size)
  let value = 0
  for (let index = size - 1; index >= 0; index--) value = value * 256 + (state.block[from + index] ?? 0)
  return value
}

/** Moves on in the input by `size` bytes that must be there; answers where they begin. */
function forward(state: State, size: number): number {
  const from = state.at
  if (from + size > state.block.length) throw new SnappyError('it ends within an element')
  state.at = from + size
  return from
}

function literal(state: State, length: number): void {
  const from = forward(state, length)
  room(state, length)
  state.output.set(state.block.subarray(from, from + length), state.to)
  state.to += length
}

/** A copy may overlap what it writes (that is how runs are encoded), so it goes byte by byte then. */
function copy(state: State, length: number, offset: number): void {
  const { output, to } = state
  if (offset === 0 || offset > to) throw new SnappyError('a copy begins before the output')
  room(state, length)
  if (offset >= length) output.copyWithin(to, to - offset, to - offset + length)
  else for (let index = to; index < to + length; index++) output[index] = output[index - offset] ?? 0
  state.to += length
}

function room(state: State, length: number): void {
  if (state.to + length > state.output.length) throw new SnappyError('it is longer than announced')
}
