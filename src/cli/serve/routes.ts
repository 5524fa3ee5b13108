/** Paths of the verdict server, parsed where they arrive. */
import type { VerdictQuery } from './served-runs.ts'

/** `verdict`: a body to read. `confirm`: success means go on. `rollback`: success means roll back now. */
export type GateProtocol = 'verdict' | 'confirm' | 'rollback'

export type VerdictRoute =
  | { readonly kind: 'health' }
  | { readonly kind: 'ask'; readonly door: GateProtocol; readonly asked: VerdictQuery }
  | { readonly kind: 'wrong'; readonly status: number; readonly problem: string }

const doors: ReadonlyMap<string, GateProtocol> = new Map([
  ['/v1/verdict', 'verdict'],
  ['/v1/flagger/confirm', 'confirm'],
  ['/v1/flagger/rollback', 'rollback'],
])
/** A longer path names no run. */
const URL_MAX = 2_000
const KEYS = ['run', 'rehearsal', 'since', 'rollout', 'release']
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/

export function routeOf(method: string, url: string): VerdictRoute {
  const parsed = url.length > URL_MAX ? null : URL.parse(url, 'http://localhost')
  if (parsed === null) return wrong(400, 'the address is too long or none')
  if (parsed.pathname === '/healthz' && method === 'GET') return { kind: 'health' }
  const door = doors.get(parsed.pathname)
  if (door === undefined) return wrong(404, `there is nothing here; paths are ${[...doors.keys()].join(', ')}`)
  // Flagger posts, Argo Rollouts gets, posts or puts.
  if (!['GET', 'POST', 'PUT'].includes(method)) return wrong(405, `${method} is not understood`)
  return asking(door, parsed.searchParams)
}

const wrong = (status: number, problem: string): VerdictRoute => ({ kind: 'wrong', status, problem })

function asking(door: GateProtocol, query: URLSearchParams): VerdictRoute {
  const strange = [...query.keys()].find((key) => !KEYS.includes(key))
  // A filter that is misspelt and ignored would let the verdict of another run through.
  if (strange !== undefined) return wrong(400, `the parameter "${strange}" is not known; there are ${KEYS.join(', ')}`)
  const [run, rehearsal, since, rollout, release] = KEYS.map((key) => query.get(key) ?? undefined)
  for (const name of [run, rehearsal, rollout, release])
    if (name !== undefined && !NAME.test(name))
      return wrong(400, `"${name}" is no name of a run, a rehearsal, a Rollout or a release`)
  if (release !== undefined && rollout === undefined) return wrong(400, 'release goes with rollout')
  const sinceAt = since === undefined ? undefined : Date.parse(since)
  if (Number.isNaN(sinceAt)) return wrong(400, `since must be a time like 2026-11-29T12:00:00Z`)
  return {
    kind: 'ask',
    door,
    asked: {
      ...(run === undefined ? {} : { run }),
      ...(rehearsal === undefined ? {} : { rehearsal }),
      ...(sinceAt === undefined ? {} : { sinceAt }),
      ...(rollout === undefined ? {} : { rollout }),
      ...(release === undefined ? {} : { release }),
    },
  }
}
