/**
 * Calls to another service: bounded keep-alive pools, one per endpoint of the name, the least busy endpoint first. One pool on
 * a ClusterIP would pin its connections to the pods of yesterday, and a scale-out would never see a request; so a headless
 * name is looked up twice a second while there are calls, and each address has its own pool. A name with one address works the same way.
 *
 * An endpoint that has fallen silent (silence.ts) is left out until it takes connections again, and calls that wait for it and may be
 * sent twice are tried once more elsewhere, as far as the retry budget goes. Time alone never causes a second try.
 */

import dns from 'node:dns'
import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import { Pool } from './pool.ts'
import { createRetryBudget } from './retry-budget.ts'
import { type SilenceWatch, watchSilence } from './silence.ts'

export type Call = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** A call that may be sent twice is tried once more, elsewhere if possible, when its connection breaks or its endpoint is silent. */
  readonly idempotent: boolean
}

export type CallResult =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Buffer }
  /** No answer in time: it may or may not have been processed. */
  | { readonly kind: 'timeout' }
  /** Surely not processed: no connection, or too many calls in flight. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** The connection broke after sending, or its endpoint is silent: it may or may not have been processed. */
  | { readonly kind: 'broken'; readonly reason: string }

export type Upstream = {
  call(call: Call): Promise<CallResult>
  /** Sends the same call to every endpoint of the name that is not known to be silent. */
  broadcast(call: Call): Promise<readonly CallResult[]>
  stop(): Promise<void>
}

type Endpoint = {
  readonly address: string
  readonly pool: Pool
  readonly silence: SilenceWatch
  /** Gives calls in flight up that may be tried elsewhere. */
  readonly giveUps: Set<() => void>
  inFlight: number
  avoidUntilMs: number
}

/** Half of the drain delay of the casino's services in the lab: a call must not go to a pod that left since the last call. */
const LOOKUP_EVERY_MS = 500
/** A resolver of the cluster takes a few milliseconds; one that is away must not hold the calls that know where to go. */
const LOOKUP_WAIT_MS = 50
/**
 * Kept as half a second to a second by undici's coarse clock. After a partition a connection begun inside it is waited for until then;
 * calls are given up sooner, by their own timeouts and by the silence of the endpoint.
 */
const CONNECT_TIMEOUT_MS = 500
/** An endpoint that refused or broke a connection is avoided this long, unless there is no other. */
const AVOID_MS = 2_000
/** With fewer than this share left, the fault is more likely here than there, and what is left would not carry the load: all are used. */
const LEFT_LEAST = 0.5
const UNSENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'UND_ERR_CONNECT_TIMEOUT'])

/** `connections` bounds the sockets per endpoint, `maxInFlight` the calls over all of them: beyond it calls fail at once. */
export function createUpstream(options: {
  readonly url: string
  readonly connections: number
  readonly maxInFlight: number
  /** Told of every request that is really sent: more than there are calls, where calls are tried again. */
  readonly onSend?: () => void
}): Upstream {
  const { protocol, hostname, port } = new URL(options.url)
  const endpoints = new Map<string, Endpoint>()
  const retries = createRetryBudget()
  let inFlight = 0
  let lookedUpAtMs = Number.NEGATIVE_INFINITY
  let looking: Promise<void> | undefined
  let looked: Promise<unknown> = Promise.resolve()

  function addressesAre(addresses: readonly string[]): void {
    for (const [address, endpoint] of endpoints) {
      if (addresses.includes(address)) continue
      endpoints.delete(address)
      endpoint.silence.stop()
      void endpoint.pool.close()
    }
    for (const address of addresses) if (!endpoints.has(address)) endpoints.set(address, endpointAt(address))
  }

  function endpointAt(address: string): Endpoint {
    const giveUps = new Set<() => void>()
    const silence = watchSilence(address, Number(port || '80'), () => {
      // Where there is no other to go to, waiting is all that is left.
      if (usable([...endpoints.values()], performance.now()).some((one) => one.address !== address))
        for (const giveUp of giveUps) giveUp()
    })
    return { address, pool: poolOf(address), silence, giveUps, inFlight: 0, avoidUntilMs: 0 }
  }

  function poolOf(address: string): Pool {
    const origin = `${protocol}//${address}:${port || '80'}`
    return new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      keepAliveTimeout: 30_000,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    })
  }

  async function lookUp(): Promise<void> {
    try {
      const found = await dns.promises.lookup(hostname, { all: true, family: 4 })
      addressesAre(found.map(({ address }) => address))
    } catch {
      // Stale endpoints beat none: the name may be back at the next look, and calls to dead ones fail by themselves.
    } finally {
      looking = undefined
    }
  }

  /** Fresh endpoints: waits for the lookup, and no longer than it should take unless there is none to use. */
  async function current(): Promise<readonly Endpoint[]> {
    if (isIP(hostname)) {
      if (endpoints.size === 0) addressesAre([hostname])
      return [...endpoints.values()]
    }
    if (looking === undefined && performance.now() - lookedUpAtMs > LOOKUP_EVERY_MS) {
      lookedUpAtMs = performance.now()
      looking = lookUp()
      looked = Promise.race([looking, sleep(LOOKUP_WAIT_MS, undefined, { ref: false })])
    }
    await (endpoints.size === 0 ? looking : looked)
    return [...endpoints.values()]
  }

  async function once(call: Call, endpoint: Endpoint, timeoutMs: number): Promise<CallResult> {
    endpoint.inFlight += 1
    inFlight += 1
    options.onSend?.()
    const done = endpoint.silence.waiting()
    const result = await send(endpoint, call, hostname, timeoutMs)
    done(result.kind === 'answer')
    endpoint.inFlight -= 1
    inFlight -= 1
    if (result.kind !== 'answer') endpoint.avoidUntilMs = performance.now() + AVOID_MS
    return result
  }

  async function call(wanted: Call): Promise<CallResult> {
    const startMs = performance.now()
    const known = await current()
    if (inFlight >= options.maxInFlight)
      return { kind: 'unsent', reason: `${options.maxInFlight} calls to ${hostname} are in flight` }
    retries.called()
    const first = leastBusy(known)
    if (first === undefined) return { kind: 'unsent', reason: `${hostname} has no endpoint` }
    const leftMs = () => wanted.timeoutMs - (performance.now() - startMs)
    const result = await once(wanted, first, leftMs())
    if (!mayGoElsewhere(result, wanted) || leftMs() <= 1) return result
    const second = elsewhere(result, first, await current())
    if (second === undefined || !retries.take()) return result
    const last = await once(wanted, second, leftMs())
    // The first request may have been processed, even if the second attempt failed.
    return result.kind === 'broken' && last.kind === 'unsent' ? result : last
  }

  return {
    call,
    broadcast: async (wanted) =>
      Promise.all(
        (await current())
          .filter(({ silence }) => !silence.isSilent())
          .map((endpoint) => once(wanted, endpoint, wanted.timeoutMs)),
      ),
    stop: async () => {
      for (const { silence } of endpoints.values()) silence.stop()
      await Promise.all([...endpoints.values()].map(({ pool }) => pool.destroy()))
    },
  }
}

type Standing = { readonly silence: Pick<SilenceWatch, 'isSilent'>; readonly avoidUntilMs: number }

/** Those that are not silent, unless too few would be left; of them those not avoided, if there are any. */
export function usable<E extends Standing>(endpoints: readonly E[], nowMs: number): readonly E[] {
  const heard = endpoints.filter(({ silence }) => !silence.isSilent())
  const candidates = heard.length >= endpoints.length * LEFT_LEAST ? heard : endpoints
  const trusted = candidates.filter(({ avoidUntilMs }) => avoidUntilMs <= nowMs)
  return trusted.length > 0 ? trusted : candidates
}

/** Fewest calls in flight among those to be used; ties by chance, so that gateways don't march in step. */
function leastBusy(endpoints: readonly Endpoint[]): Endpoint | undefined {
  const candidates = usable(endpoints, performance.now())
  const least = Math.min(...candidates.map((endpoint) => endpoint.inFlight))
  const idle = candidates.filter((endpoint) => endpoint.inFlight === least)
  return idle[Math.floor(Math.random() * idle.length)]
}

const mayGoElsewhere = ({ kind }: CallResult, { idempotent }: Call): boolean =>
  kind === 'unsent' || (kind === 'broken' && idempotent)

/** Where to try once more: a broken connection also at the same endpoint (it was an old one), a refused one only at another. */
function elsewhere({ kind }: CallResult, first: Endpoint, endpoints: readonly Endpoint[]): Endpoint | undefined {
  const next = leastBusy(endpoints)
  return kind === 'unsent' && next === first ? undefined : next
}

async function send({ pool, giveUps }: Endpoint, call: Call, host: string, timeoutMs: number): Promise<CallResult> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), timeoutMs)
  let givenUp = false
  const giveUp = (): void => {
    givenUp = true
    abort.abort()
  }
  if (call.idempotent) giveUps.add(giveUp)
  try {
    const headers = {
      host,
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    }
    const response = await pool.request({
      method: call.method,
      path: call.path,
      headers,
      body: call.body ?? null,
      signal: abort.signal,
    })
    const body = Buffer.from(await response.body.arrayBuffer())
    return { kind: 'answer', status: response.statusCode, body }
  } catch (thrown) {
    if (givenUp) return { kind: 'broken', reason: 'the endpoint is silent' }
    if (abort.signal.aborted) return { kind: 'timeout' }
    return { kind: UNSENT.has(codeOf(thrown)) ? 'unsent' : 'broken', reason: messageOf(thrown) }
  } finally {
    clearTimeout(timer)
    giveUps.delete(giveUp)
  }
}

function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : ''
}

/** Why a call has no usable answer, for logs. */
export function failureOf(result: CallResult): string {
  switch (result.kind) {
    case 'answer':
      return `status ${result.status}`
    case 'timeout':
      return 'timed out'
    case 'unsent':
    case 'broken':
      return `${result.kind}: ${result.reason}`
  }
}
