/**
 * One rehearsal per target: a Lease (coordination.k8s.io/v1) in the target's namespace, renewed every 5 s. Updates carry the resourceVersion, so one
 * of two concurrent takers gets a Conflict. As in client-go's leader election, a holder is dead when the lease was not renewed for its whole duration
 * *while we watched*, by our own monotonic clock: clocks of other machines do not matter. An annotation names the owning process, so that the death
 * of a local process is known at once.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { TargetHeld, type TargetLock } from '../../controller/ports.ts'
import { RUN_LABEL } from '../../domain/labels.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { ApiRefusal, demand, find, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { isDeadHere, thisOwner } from './owner.ts'

const LEASE_NAME = 'matchday-rehearsal'

export type LockTimes = {
  /** Others may take the lease this long after the last renewal that they saw. */
  readonly durationS: number
  readonly renewMs: number
  /** Shorter than the duration: when others may take the lease, this run has stopped and started to heal. */
  readonly deadlineMs: number
  /** Of each of the two requests of a renewal. Renewals do not wait for each other, so one that hangs delays no other. */
  readonly timeoutMs: number
}

/**
 * Twice as long as a leader election (client-go: 15 s and 10 s). A zone that is lost on purpose may take an API server with it, and a load balancer needs two
 * or three health checks of 10 s to notice. A dead run elsewhere is not urgent: its faults end by themselves. The timeout is long because a starved API
 * server took up to 15 s for an answer: with 4 s, every renewal was given up.
 */
export const LOCK_TIMES: LockTimes = { durationS: 30, renewMs: 5000, deadlineMs: 24_000, timeoutMs: 12_000 }
const LOOK_MS = 500
/** The longest time that another owner's lease is watched. */
const OBSERVED_S_MAX = 60
const OWNER_ANNOTATION = 'matchday.dev/owner'

type LeaseSpec = {
  readonly holderIdentity?: string
  readonly renewTime?: string
  readonly leaseDurationSeconds?: number
}

export function leaseLock(api: KubernetesApi, times: LockTimes = LOCK_TIMES): TargetLock {
  return {
    acquire: async (target, run) => {
      await take(api, target, run, times)
      return hold(api, target, run, times)
    },
    holder: async (target) => {
      const lease = await read(api, target)
      return lease && specOf(lease).holderIdentity
    },
    breakDead: async (target) => {
      const dead = await untilFree(api, target)
      if (dead !== undefined) await remove(api, target, dead)
    },
  }
}

const pathOf = (target: Target, name = ''): string => paths.leases(target.namespace) + (name ? `/${name}` : '')
const specOf = (lease: KubeObject): LeaseSpec => (lease.spec ?? {}) as LeaseSpec
const read = async (api: KubernetesApi, target: Target) =>
  (await find(api, { method: 'GET', path: pathOf(target, LEASE_NAME) })) as KubeObject | undefined

/**
 * Watches the lease until nobody holds it for certain: it does not exist (undefined), or its holder is dead (the present lease). @throws TargetHeld
 * as soon as it sees a renewal
 */
async function untilFree(api: KubernetesApi, target: Target): Promise<KubeObject | undefined> {
  const first = await read(api, target)
  if (first === undefined || isFree(first)) return first
  const seconds = Math.min(specOf(first).leaseDurationSeconds ?? LOCK_TIMES.durationS, OBSERVED_S_MAX)
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    await sleep(LOOK_MS)
    const now = await read(api, target)
    if (now === undefined || isFree(now)) return now
    const [before, after] = [specOf(first), specOf(now)]
    if (before.renewTime !== after.renewTime || before.holderIdentity !== after.holderIdentity)
      throw heldBy(now, target)
  }
  return first
}

/** Without a holder, or held by a process that is certainly dead. */
const isFree = (lease: KubeObject): boolean =>
  !specOf(lease).holderIdentity || isDeadHere(lease.metadata.annotations?.[OWNER_ANNOTATION] ?? '')

const heldBy = (lease: KubeObject, target: Target): TargetHeld =>
  new TargetHeld(
    `another rehearsal holds ${target.context}/${target.namespace}: run ${specOf(lease).holderIdentity}, renewed ${specOf(lease).renewTime}`,
    'It renews its lease, so it is alive: wait for it to end, or stop it where it runs.',
  )

// MicroTime: Kubernetes requires six fractional digits.
const microTime = (): string => new Date().toISOString().replace('Z', '000Z')

function leaseBody(run: string, durationS: number, resourceVersion?: string): object {
  const now = microTime()
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: LEASE_NAME,
      labels: { [RUN_LABEL]: run },
      annotations: { [OWNER_ANNOTATION]: thisOwner() },
      ...(resourceVersion ? { resourceVersion } : {}),
    },
    spec: { holderIdentity: run, leaseDurationSeconds: durationS, acquireTime: now, renewTime: now },
  }
}

async function take(api: KubernetesApi, target: Target, run: string, { durationS }: LockTimes): Promise<void> {
  const lease = await untilFree(api, target)
  try {
    if (lease === undefined)
      await demand(api, { method: 'POST', path: pathOf(target), body: leaseBody(run, durationS) })
    else
      await demand(api, {
        method: 'PUT',
        path: pathOf(target, LEASE_NAME),
        body: leaseBody(run, durationS, lease.metadata.resourceVersion),
      })
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 409) throw error
    const winner = await read(api, target)
    throw winner ? heldBy(winner, target) : error
  }
}

function hold(api: KubernetesApi, target: Target, run: string, times: LockTimes) {
  const lost = new AbortController()
  let renewedAt = performance.now()
  let problem: unknown
  const renew = async () => {
    const beganAt = performance.now()
    try {
      // One that was answered late must not undo a later one.
      if (await renewed(api, target, run, times)) renewedAt = Math.max(renewedAt, beganAt)
      else lost.abort(new Error('the lease of this run was taken by somebody else'))
    } catch (error) {
      problem = error
    }
  }
  const renewing = setInterval(renew, times.renewMs)
  const watching = setInterval(() => {
    if (performance.now() - renewedAt > times.deadlineMs)
      lost.abort(problem ?? new Error('the lease of this run could not be renewed in time'))
  }, LOOK_MS)
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(renewing)
      clearInterval(watching)
      const lease = await read(api, target)
      if (lease !== undefined && specOf(lease).holderIdentity === run) await remove(api, target, lease)
    },
  }
}

/** False if the lease is no longer this run's. */
async function renewed(
  api: KubernetesApi,
  target: Target,
  run: string,
  { durationS, timeoutMs }: LockTimes,
): Promise<boolean> {
  const path = pathOf(target, LEASE_NAME)
  const lease = (await find(api, { method: 'GET', path, timeoutMs })) as KubeObject | undefined
  if (lease === undefined || specOf(lease).holderIdentity !== run) return false
  await demand(api, { method: 'PUT', path, timeoutMs, body: leaseBody(run, durationS, lease.metadata.resourceVersion) })
  return true
}

/** Deletes exactly the lease that was read; the lease of a newer holder stays. */
async function remove(api: KubernetesApi, target: Target, lease: KubeObject): Promise<void> {
  const preconditions = { uid: lease.metadata.uid, resourceVersion: lease.metadata.resourceVersion }
  const response = await api.request({
    method: 'DELETE',
    path: pathOf(target, LEASE_NAME),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
  })
  if (response.status >= 300 && response.status !== 404 && response.status !== 409)
    throw new ApiRefusal({ method: 'DELETE', path: pathOf(target, LEASE_NAME) }, response, api)
}
