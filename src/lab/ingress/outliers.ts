// The health of endpoints, judged by the requests that wait for them. Besides passive ejection there is an active TCP check, as in Envoy:
// an endpoint is silent when a request waits for it, nothing has come from it for a while, and it accepts no connection. Its waiting
// requests are told, and it is left out until it accepts connections again. A slow pod is not silent: its kernel accepts connections.
import net from 'node:net'
import type { Endpoint } from '../topology/addresses.ts'
import { answered, type EndpointStanding, goodStanding, isOut, leftOf, unanswered } from './ejection.ts'

/** `neither`: the client disconnected early, which says nothing about the endpoint. */
export type Ended = 'answered' | 'unanswered' | 'neither'

export type Outliers = {
  /** The endpoints that may be chosen. */
  left(endpoints: readonly Endpoint[]): readonly Endpoint[]
  outstanding(endpoint: Endpoint): number
  /**
   * Registers a request for an endpoint. `onSilent` is called when that endpoint is found silent and others are not. Returns a function
   * that reports the request's end.
   */
  waits(endpoint: Endpoint, others: readonly Endpoint[], onSilent: () => void): (ended: Ended) => void
  keepOnly(endpoints: readonly Endpoint[]): void
  close(): void
}

type Wait = { sinceMs: number; others: readonly Endpoint[]; onSilent: () => void }
type Known = {
  endpoint: Endpoint
  standing: EndpointStanding
  /** In the order in which they started. */
  waits: Set<Wait>
  heardAtMs: number
  silent: boolean
  looking: boolean
  lookAgainMs: number
}

const TICK_MS = 50
// Most responses have arrived by then, so most requests cause no check.
const QUIET_MS = 200
// A connection within a region takes a few milliseconds.
const LOOK_MS = 200
// One check may fail because this process had no CPU. So an endpoint is found silent within 200 + 2 × 200 ms and a tick.
const LOOKS = 2
const AGAIN_MS = 1_000
/** A request that ended without a response in less than this says nothing: clients close pages. */
export const PATIENT_CLIENT_MS = 1_000

export function watchOutliers(log: (line: string) => void): Outliers {
  const all = new Map<string, Known>()
  const ticker = setInterval(() => {
    for (const known of all.values()) if (isDue(known, performance.now())) void look(known)
  }, TICK_MS)
  ticker.unref()

  function knownOf(endpoint: Endpoint): Known {
    const key = endpoint.join(':')
    const fresh = { endpoint, waits: new Set<Wait>(), heardAtMs: 0, silent: false, looking: false, lookAgainMs: 0 }
    const known = all.get(key) ?? { ...fresh, standing: goodStanding() }
    all.set(key, known)
    return known
  }

  const left = (endpoints: readonly Endpoint[]): readonly Endpoint[] => {
    const nowMs = performance.now()
    return leftOf(endpoints, (endpoint) => {
      const { silent, standing, waits } = knownOf(endpoint)
      return silent || isOut(standing, waits.size, nowMs)
    })
  }

  async function look(known: Known): Promise<void> {
    known.looking = true
    const wasSilent = known.silent
    known.silent = !(await isThere(known, wasSilent ? 1 : LOOKS))
    known.looking = false
    known.lookAgainMs = performance.now() + (known.silent ? AGAIN_MS : QUIET_MS)
    if (known.silent === wasSilent) return
    log(`${known.endpoint.join(':')} ${known.silent ? 'is silent: left out' : 'accepts connections again'}`)
    if (!known.silent) return answered(known.standing)
    for (const { others, onSilent } of [...known.waits])
      if (left(others).some((other) => other.join(':') !== known.endpoint.join(':'))) onSilent()
  }

  return {
    left,
    outstanding: (endpoint) => knownOf(endpoint).waits.size,
    waits(endpoint, others, onSilent) {
      const known = knownOf(endpoint)
      const wait = { sinceMs: performance.now(), others, onSilent }
      known.waits.add(wait)
      return (ended) => {
        // Reported once. A response that breaks off later was a response.
        if (!known.waits.delete(wait)) return
        if (ended === 'unanswered') unanswered(known.standing, performance.now())
        if (ended !== 'answered') return
        known.heardAtMs = performance.now()
        known.silent = false
        answered(known.standing)
      }
    },
    keepOnly(endpoints) {
      const wanted = new Set(endpoints.map((endpoint) => endpoint.join(':')))
      for (const key of all.keys()) if (!wanted.has(key)) all.delete(key)
    },
    close: () => clearInterval(ticker),
  }
}

function isDue({ looking, lookAgainMs, silent, waits, heardAtMs }: Known, nowMs: number): boolean {
  if (looking || nowMs < lookAgainMs) return false
  const [oldest] = waits
  return silent || (oldest !== undefined && nowMs - Math.max(heardAtMs, oldest.sinceMs) >= QUIET_MS)
}

async function isThere(known: Known, looks: number): Promise<boolean> {
  const beganAtMs = performance.now()
  for (let left = looks; left > 0; left -= 1) {
    if (known.heardAtMs >= beganAtMs || (await connects(known.endpoint))) return true
  }
  return known.heardAtMs >= beganAtMs
}

/** A refused connection is an answer too: the endpoint is not silent. */
function connects([host, port]: Endpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const end = (there: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(there)
    }
    // After a stall of this process, timers run before data that arrived meanwhile. That data is read first.
    const timer = setTimeout(() => setImmediate(end, false), LOOK_MS)
    socket.once('connect', () => end(true))
    socket.on('error', (error) => end('code' in error && error.code === 'ECONNREFUSED'))
  })
}
