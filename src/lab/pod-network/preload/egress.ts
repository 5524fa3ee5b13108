// Holds back what is sent: a queue per flow in front of the socket. Bytes wait while the flow is blocked, and then for their delay and the
// bandwidth limit. Their order is kept, and the FIN comes last.
import { type Bucket, drawDelayMs, isShaped } from '../flow-effect.ts'
import { currentEffect, type EgressQueue, type Flow, flowOf, knownFlow } from './flow.ts'
import { type Chunk, type SocketInternals, socketInternals, tcpOf, type WriteDone } from './internals.ts'
import { hasRules } from './pod.ts'

// The size of a kernel's send buffer before write() blocks. Up to this size the application's write completes at once.
const SEND_BUFFER_BYTES = 256 * 1024
// At least one Ethernet segment's payload, at most 10 ms of a limited link. Otherwise a single large write would pass in one burst.
const SLICE_MIN_BYTES = 1_448
const SLICE_MAX_BYTES = 65_536
const SLICES_PER_SECOND = 100

const { _writeGeneric: nativeWrite, _final: nativeFinal } = socketInternals

export function playEgress(): void {
  socketInternals._writeGeneric = function (many, data, encoding, done) {
    const queue = queueFor(this)
    if (!queue) return nativeWrite.call(this, many, data, encoding, done)
    this._unrefTimer()
    queue.push(many ? joined(data) : bytes(data, encoding), done)
  }
  socketInternals._final = function (done) {
    const queue = queueFor(this)
    if (!queue) return nativeFinal.call(this, done)
    queue.end(done)
  }
}

/** The flow's queue, if bytes wait in it or the rules would hold bytes back. */
function queueFor(socket: SocketInternals): EgressQueue | undefined {
  if (socket.connecting) return undefined
  const handle = tcpOf(socket)
  if (!handle) return undefined
  const waiting = knownFlow(handle)?.queue
  if (waiting || !hasRules()) return waiting
  const flow = flowOf(handle)
  if (!isShaped(currentEffect(flow)?.out)) return undefined
  flow.queue = openQueue(flow, socket)
  return flow.queue
}

function joined(data: unknown): Buffer {
  if (!Array.isArray(data)) return Buffer.alloc(0)
  const chunks = data as (Chunk | Uint8Array)[]
  return Buffer.concat(chunks.map((item) => ('chunk' in item ? bytes(item.chunk, item.encoding) : item)))
}

// Copied, because the application may reuse its buffer when the write is done.
function bytes(data: unknown, encoding: string): Buffer {
  return typeof data === 'string' ? Buffer.from(data, encoding as BufferEncoding) : Buffer.from(data as Uint8Array)
}

type Item = { dueMs: number; data?: Buffer; done?: WriteDone }

function openQueue(flow: Flow, socket: SocketInternals): EgressQueue {
  const items: Item[] = []
  let queuedBytes = 0
  let lastDueMs = 0
  let writing = false
  let timer: NodeJS.Timeout | undefined

  const effect = () => currentEffect(flow)?.out
  const dueMs = () => {
    lastDueMs = Math.max(lastDueMs, performance.now() + drawDelayMs(effect()))
    return lastDueMs
  }
  const bucketsOf = (): readonly Bucket[] => effect()?.buckets ?? []

  function push(data: Buffer, done: WriteDone): void {
    const due = dueMs()
    for (const slice of sliced(data, bucketsOf())) items.push({ dueMs: due, data: slice })
    queuedBytes += data.length
    const last = items.at(-1)
    if (queuedBytes <= SEND_BUFFER_BYTES || !last) process.nextTick(done)
    else last.done = done
    pump()
  }

  function end(done: WriteDone): void {
    items.push({ dueMs: dueMs(), done })
    pump()
  }

  function pump(): void {
    clearTimeout(timer)
    if (writing || effect()?.blocked) return
    const [next] = items
    if (socket.destroyed) abandon()
    else if (next) schedule(next)
    else close()
  }

  function schedule(next: Item): void {
    // When a delay is healed, the bytes that it held back are sent.
    const dueAtMs = effect()?.delays.length ? next.dueMs : 0
    const waitMs = Math.max(dueAtMs, ...bucketsOf().map((bucket) => bucket.freeAtMs)) - performance.now()
    // Timers have a resolution of a millisecond. Shorter waits are skipped.
    if (waitMs > 0.5) timer = setTimeout(pump, waitMs)
    else send(next)
  }

  function send(item: Item): void {
    items.shift()
    if (!item.data) {
      close()
      nativeFinal.call(socket, item.done ?? (() => {}))
      return
    }
    spend(item.data.length, bucketsOf())
    queuedBytes -= item.data.length
    writing = true
    nativeWrite.call(socket, false, item.data, 'buffer', (error) => {
      writing = false
      item.done?.(error)
      if (error) socket.destroy(error)
      else pump()
    })
  }

  function close(): void {
    delete flow.queue
  }

  function abandon(): void {
    clearTimeout(timer)
    close()
    const gone = new Error('the socket was closed')
    for (const item of items.splice(0)) item.done?.(gone)
  }

  return { pump, abandon, push, end }
}

function sliced(data: Buffer, buckets: readonly Bucket[]): Buffer[] {
  if (buckets.length === 0 || data.length === 0) return [data]
  const slowest = Math.min(...buckets.map((bucket) => bucket.bytesPerSecond))
  const size = Math.min(SLICE_MAX_BYTES, Math.max(SLICE_MIN_BYTES, Math.floor(slowest / SLICES_PER_SECOND)))
  return Array.from({ length: Math.ceil(data.length / size) }, (_, at) => data.subarray(at * size, (at + 1) * size))
}

function spend(byteCount: number, buckets: readonly Bucket[]): void {
  for (const bucket of buckets) {
    bucket.freeAtMs = Math.max(performance.now(), bucket.freeAtMs) + (byteCount / bucket.bytesPerSecond) * 1000
  }
}
