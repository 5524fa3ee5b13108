/** What a cutover switches and reads: fields of objects, services behind the API server's proxy, and the weights of a route. */
import type { Clock } from '../../../controller/ports.ts'
import type { CutoverMove, CutoverProof, CutoverReading, ServicePath, Writable } from '../../../domain/cutover.ts'
import { readingWords } from '../../../domain/cutover.ts'
import { after, type Instant } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import { demand, type KubeObject, type KubernetesApi, paths } from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { fields } from '../fields.ts'
import { edit, fieldAt, LOOK_EVERY, nested } from './change.ts'
import { routePath, weightsNow, weightsPatch } from './route-weights.ts'

const CALL_TIMEOUT_MS = 10_000
const READ_TIMEOUT_MS = 3_000

export type RegionPorts = {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
}

/** One reading, without a retry, needs no clock. */
type ReadPorts = Omit<RegionPorts, 'clock'>

export const proxied = ({ namespace, service, port, path }: ServicePath): string =>
  paths.serviceProxy(namespace, service, port, path)

/** Repeated until the deadline. Fields and weights that already have the value are left as they are. */
export async function make(ports: RegionPorts, move: CutoverMove, deadline: Instant): Promise<void> {
  const { api, clock, signal } = ports
  switch (move.kind) {
    case 'field': {
      const path = paths.object(move.apiVersion, move.plural, move.namespace, move.name)
      const found = await edit(ports, path, deadline, signal, (object) =>
        (fieldAt(object, move.field) ?? null) === move.value ? undefined : nested(move.field, move.value),
      )
      if (found === undefined) throw new Error(`${path} does not exist`)
      return
    }
    case 'weights': {
      const path = routePath(move.namespace, move.route)
      const found = await edit(ports, path, deadline, signal, (route) => {
        const now = weightsNow(route, move.backends)
        if (now.length === 0) throw new Error(`${path} has no rule with the backends ${move.backends.join(' and ')}`)
        const has = now.every(([from, to]) => from === move.weights[0] && to === move.weights[1])
        return has ? undefined : weightsPatch(route, move.backends, move.weights)
      })
      if (found === undefined) throw new Error(`${path} does not exist`)
      return
    }
    case 'call': {
      const request = { method: 'POST', path: proxied(move), body: {}, timeoutMs: CALL_TIMEOUT_MS } as const
      const late = () => clock.now() >= deadline || signal?.aborted === true
      await insist(
        () => demand(api, { ...request, ...(signal === undefined ? {} : { signal }) }),
        late,
        () => clock.until(after(clock.now(), LOOK_EVERY), signal),
      )
    }
  }
}

/**
 * What one proof shows now. `read`: what was read, without what was wanted. `pair`: the values of two readings that must be equal. `differs`: both were
 * read, and are not equal.
 */
export type ProofShown = {
  readonly held: boolean
  readonly words: string
  readonly read?: string
  readonly pair?: readonly [string, string]
  readonly differs?: true
  readonly unread?: true
}

export async function shownBy(ports: ReadPorts, { reading, wants }: CutoverProof): Promise<ProofShown> {
  try {
    const value = await valueNow(ports, reading)
    const read = `${readingWords(reading)} is ${shown(value)}`
    switch (wants.kind) {
      case 'is':
        return { held: String(value) === String(wants.value), words: `${read}, wanted ${shown(wants.value)}`, read }
      case 'at-most':
        return {
          held: value !== '' && typeof value !== 'boolean' && Number(value) <= wants.value,
          words: `${read}, wanted at most ${wants.value}`,
          read,
        }
      case 'same-as': {
        const other = await valueNow(ports, wants.reading)
        const words = `${read}, and ${readingWords(wants.reading)} is ${shown(other)}`
        const both = { words, read: words, pair: [String(value), String(other)] } as const
        // An empty position is unknown, and two unknown positions are not equal.
        if (value === '' && other === '') return { held: false, ...both }
        const held = String(value) === String(other)
        return held ? { held, ...both } : { held, ...both, differs: true }
      }
    }
  } catch (error) {
    if (ports.signal?.aborted) throw error
    return { held: false, words: `${readingWords(reading)} could not be read: ${messageOf(error)}`, unread: true }
  }
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 200)

export async function writableNow(ports: ReadPorts, proof: CutoverProof): Promise<Writable> {
  const { held, unread } = await shownBy(ports, proof)
  return held ? 'yes' : unread ? 'unread' : 'no'
}

async function valueNow({ api, signal }: ReadPorts, reading: CutoverReading): Promise<string | number | boolean> {
  const options = { timeoutMs: READ_TIMEOUT_MS, once: true, ...(signal === undefined ? {} : { signal }) }
  switch (reading.kind) {
    case 'field': {
      const path = paths.object(reading.apiVersion, reading.plural, reading.namespace, reading.name)
      return present(fieldAt(await demand(api, { method: 'GET', path, ...options }), reading.field))
    }
    case 'answer': {
      const answer = await demand(api, { method: 'GET', path: proxied(reading), ...options })
      return present(fieldAt(answer, reading.field))
    }
    case 'status': {
      const { method } = reading
      const body = method === 'POST' ? { body: {} } : {}
      const { status, json } = await api.request({ method, path: proxied(reading), ...body, ...options })
      // A Service without a Ready pod is answered by the API server itself, with 503 as well.
      if (isKubernetesStatus(json)) throw new Error(`the API server answered ${status} itself`)
      return status
    }
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it has no such field')
  return value
}

const isKubernetesStatus = (json: unknown): boolean => {
  const { kind, apiVersion } = fields(json)
  return kind === 'Status' && apiVersion === 'v1'
}

/** The value that a move would overwrite, as the move that puts it back. */
export async function before(api: KubernetesApi, move: CutoverMove): Promise<CutoverMove> {
  const read = async (path: string) => (await demand(api, { method: 'GET', path })) as KubeObject
  switch (move.kind) {
    case 'field': {
      const path = paths.object(move.apiVersion, move.plural, move.namespace, move.name)
      return { ...move, value: fieldAt(await read(path), move.field) ?? null }
    }
    case 'weights': {
      const path = routePath(move.namespace, move.route)
      const [was] = weightsNow(await read(path), move.backends)
      if (was === undefined) throw new Error(`${path} has no rule with the backends ${move.backends.join(' and ')}`)
      return { ...move, weights: was }
    }
    case 'call':
      return move
  }
}
