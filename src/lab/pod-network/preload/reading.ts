// Holds back what arrives: a blocked flow is not read, so the kernel keeps its bytes (and its FIN) until it is unblocked.
import { currentEffect, type Flow, flowOf, knownFlow, liveFlows } from './flow.ts'
import { isTcp, native, type Status, type TcpHandle, tcp, tlsWrap } from './internals.ts'
import { catchUp, onRulesChange } from './pod.ts'

// libuv ignores a handle that neither reads nor writes. Without this, a client whose only flow is blocked would exit.
const KEEP_ALIVE_MS = 1_000

export function playReading(): void {
  tcp.readStart = function () {
    return startReading(this, () => native.readStart.call(this))
  }
  tcp.readStop = function () {
    const flow = knownFlow(this)
    if (flow) flow.wantsRead = false
    return native.readStop.call(this)
  }
  tcp.close = function (done) {
    forget(this)
    native.close.call(this, done)
  }
  tcp.reset = function (done) {
    forget(this)
    return native.reset.call(this, done)
  }
  playTlsReading()
  onRulesChange(refreshReading)
}

// TLS starts and stops its parent below JavaScript, past the hooks on TCPWrap.
function playTlsReading(): void {
  const { readStart, readStop } = tlsWrap
  tlsWrap.readStart = function () {
    const below = this._parent
    if (!isTcp(below)) return readStart.call(this)
    flowOf(below).reader = this
    return startReading(below, () => readStart.call(this))
  }
  tlsWrap.readStop = function () {
    const below = this._parent
    const flow = isTcp(below) ? knownFlow(below) : undefined
    if (flow) flow.wantsRead = false
    return readStop.call(this)
  }
}

function startReading(handle: TcpHandle, start: () => Status): Status {
  const flow = flowOf(handle)
  if (!liveFlows.has(flow)) {
    catchUp()
    liveFlows.add(flow)
  }
  flow.wantsRead = true
  if (!currentEffect(flow)?.in.blocked) return start()
  keepAlive(flow)
  return 0
}

function refreshReading(): void {
  for (const flow of liveFlows) {
    if (currentEffect(flow)?.in.blocked) {
      native.readStop.call(flow.handle)
      keepAlive(flow)
    } else if (flow.wantsRead) {
      native.readStart.call(flow.handle)
    }
    flow.queue?.pump()
  }
}

function forget(handle: TcpHandle): void {
  const flow = knownFlow(handle)
  if (!flow) return
  flow.closed = true
  clearTimeout(flow.pending)
  flow.queue?.abandon()
  liveFlows.delete(flow)
}

let keeper: NodeJS.Timeout | undefined

function keepAlive(blocked: Flow): void {
  if (keeper || !isHeld(blocked)) return
  keeper = setInterval(() => {
    if ([...liveFlows].some(isHeld)) return
    clearInterval(keeper)
    keeper = undefined
  }, KEEP_ALIVE_MS)
}

function isHeld(flow: Flow): boolean {
  return flow.wantsRead && flow.handle.hasRef() && currentEffect(flow)?.in.blocked === true
}
