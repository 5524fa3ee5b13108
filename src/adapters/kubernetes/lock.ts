/**
 * One rehearsal a target at a time: a Lease in the target's namespace, renewed every 5 s and dead after 15 s without renewal.
 * Updates carry the resourceVersion, so that of two takers one gets a Conflict. Protocol: coordination.k8s.io/v1, as in leader election. An annotation names the
 * owning process, so that a holder that died on this machine is known dead at once, without waiting for the 15 s.
 */
import { TargetHeld, type TargetLock } from '../../controller/ports.ts'
import { RUN_LABEL } from '../../domain/labels.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { ApiRefusal, demand, find, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { isDeadHere, thisOwner } from './owner.ts'

const LEASE_NAME = 'matchday-rehearsal'
const DURATION_S = 15
const RENEW_MS = 5000
const OWNER_ANNOTATION = 'matchday.dev/owner'

type LeaseSpec = {
  readonly holderIdentity?: string
  readonly renewTime?: string
  readonly leaseDurationSeconds?: number
}

export function leaseLock(api: KubernetesApi): TargetLock {
  return {
    acquire: async (target, run) => {
      await take(api, target, run)
      return hold(api, target, run)
    },
    holder: async (target) => {
      const lease = await read(api, target)
      return lease && specOf(lease).holderIdentity
    },
    breakDead: async (target) => {
      const lease = await read(api, target)
      if (lease === undefined) return
      if (isAlive(lease)) throw heldBy(lease, target)
      await remove(api, target, lease)
    },
  }
}

const pathOf = (target: Target, name = ''): string => paths.leases(target.namespace) + (name ? `/${name}` : '')
const specOf = (lease: KubeObject): LeaseSpec => (lease.spec ?? {}) as LeaseSpec
const read = async (api: KubernetesApi, target: Target) =>
  (await find(api, { method: 'GET', path: pathOf(target, LEASE_NAME) })) as KubeObject | undefined

const isAlive = (lease: KubeObject): boolean => {
  const { holderIdentity, renewTime, leaseDurationSeconds = DURATION_S } = specOf(lease)
  if (isDeadHere(lease.metadata.annotations?.[OWNER_ANNOTATION] ?? '')) return false
  return (
    Boolean(holderIdentity) &&
    Date.now() - Date.parse(renewTime ?? '1970-01-01T00:00:00Z') < leaseDurationSeconds * 1000
  )
}

const heldBy = (lease: KubeObject, target: Target): TargetHeld =>
  new TargetHeld(
    `another rehearsal holds ${target.context}/${target.namespace}: run ${specOf(lease).holderIdentity}, renewed ${specOf(lease).renewTime}`,
    `Wait for it to end. If it is dead, wait ${DURATION_S} s or run: matchday heal --context ${target.context}`,
  )

// MicroTime: Kubernetes wants six digits of the second.
const microTime = (): string => new Date().toISOString().replace('Z', '000Z')

function leaseBody(run: string, resourceVersion?: string): object {
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
    spec: { holderIdentity: run, leaseDurationSeconds: DURATION_S, acquireTime: now, renewTime: now },
  }
}

async function take(api: KubernetesApi, target: Target, run: string): Promise<void> {
  const lease = await read(api, target)
  if (lease !== undefined && isAlive(lease)) throw heldBy(lease, target)
  try {
    if (lease === undefined) await demand(api, { method: 'POST', path: pathOf(target), body: leaseBody(run) })
    else
      await demand(api, {
        method: 'PUT',
        path: pathOf(target, LEASE_NAME),
        body: leaseBody(run, lease.metadata.resourceVersion),
      })
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status !== 409) throw error
    const winner = await read(api, target)
    throw winner ? heldBy(winner, target) : error
  }
}

function hold(api: KubernetesApi, target: Target, run: string) {
  const lost = new AbortController()
  let renewedAt = Date.now()
  const renew = async () => {
    try {
      const lease = await read(api, target)
      if (lease === undefined || specOf(lease).holderIdentity !== run)
        return lost.abort(new Error('the lease of this run was taken by somebody else'))
      await demand(api, {
        method: 'PUT',
        path: pathOf(target, LEASE_NAME),
        body: leaseBody(run, lease.metadata.resourceVersion),
      })
      renewedAt = Date.now()
    } catch (error) {
      if (Date.now() - renewedAt > DURATION_S * 1000) lost.abort(error)
    }
  }
  const timer = setInterval(renew, RENEW_MS)
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer)
      const lease = await read(api, target)
      if (lease !== undefined && specOf(lease).holderIdentity === run) await remove(api, target, lease)
    },
  }
}

/** Deletes exactly the lease that was read: a newer holder's survives. */
async function remove(api: KubernetesApi, target: Target, lease: KubeObject): Promise<void> {
  const preconditions = { uid: lease.metadata.uid, resourceVersion: lease.metadata.resourceVersion }
  const response = await api.request({
    method: 'DELETE',
    path: pathOf(target, LEASE_NAME),
    body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions },
  })
  if (response.status >= 300 && response.status !== 404 && response.status !== 409)
    throw new ApiRefusal({ method: 'DELETE', path: LEASE_NAME }, response)
}
