import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { LOCK_TIMES, type LockTimes, leaseLock } from '../../../src/adapters/kubernetes/lock.ts'
import { isDeadHere, thisOwner } from '../../../src/adapters/kubernetes/owner.ts'
import { TargetHeld } from '../../../src/controller/ports.ts'
import { stockPair } from '../../files/stock.ts'
import { refusal, smallApiServer } from '../../support/small-api-server.ts'

const { target } = stockPair()
const OWNER = 'matchday.dev/owner'
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/casino/leases'
const DURATION_S = 2

type Lease = {
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string>; resourceVersion: string }
  readonly spec: { readonly holderIdentity: string; readonly leaseDurationSeconds: number; readonly renewTime: string }
}

/** A lease of another run, as its own clock shows the time. */
function leased(owner: string, renewTime: string): Lease {
  return {
    metadata: { name: 'matchday-rehearsal', annotations: { [OWNER]: owner }, resourceVersion: '1' },
    spec: { holderIdentity: 'other-run', leaseDurationSeconds: DURATION_S, renewTime },
  }
}

/** What becomes of the lease when it is taken: the outcome, and how long it took. */
async function taken(held: Lease, renew: (looks: number, lease: Lease) => Lease | undefined = (_, lease) => lease) {
  let lease: Lease | undefined = held
  let looks = 0
  const api = await smallApiServer(({ method, path, body }) => {
    if (method === 'GET' && path === `${LEASES}/matchday-rehearsal`) {
      looks += 1
      if (lease) lease = renew(looks, lease)
      return lease
    }
    if (method === 'POST' || method === 'PUT') lease = body as Lease
    if (method === 'DELETE') lease = undefined
    return method === 'DELETE' ? { kind: 'Status', status: 'Success', code: 200 } : (lease ?? refusal(404))
  })
  const beganAt = performance.now()
  const outcome = await leaseLock(api)
    .acquire(target, 'my-run')
    .then(
      async ({ release }) => {
        const holder = lease?.spec.holderIdentity
        await release()
        return holder
      },
      (error: unknown) => error,
    )
  return { outcome, tookMs: performance.now() - beganAt }
}

const hoursFromNow = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString()
const elsewhere = 'another-machine/another-boot/7/100/pid:[1]'
/** A process of this machine that has ended. */
const ended = (): string => {
  const { pid } = spawnSync('true')
  return thisOwner().replace(`/${process.pid}/`, `/${pid}/`)
}
const renewing = (looks: number, lease: Lease): Lease => ({
  ...lease,
  spec: { ...lease.spec, renewTime: `${lease.spec.renewTime.slice(0, 17)}${String(looks).padStart(2, '0')}.000000Z` },
})

describe('the lock of a target', () => {
  it.each([
    ['its clock is an hour ahead', elsewhere, 1],
    ['its clock is right', elsewhere, 0],
    ['its clock is a day behind', elsewhere, -24],
    ['it runs in another PID namespace', ended().replace(/pid:\[\d+\]/, 'pid:[1]'), 0],
  ])('of a run on another machine is respected while it is renewed, when %s', async (_, owner, hours) => {
    const { outcome } = await taken(leased(owner, hoursFromNow(hours)), renewing)
    expect(outcome).toBeInstanceOf(TargetHeld)
    expect(String(outcome)).toContain('other-run')
  })

  it.each([
    ['its clock was an hour ahead', elsewhere, 1],
    ['its clock was a day behind', elsewhere, -24],
    ['it ran in another PID namespace', ended().replace(/pid:\[\d+\]/, 'pid:[1]'), -24],
    ['it says nothing of its process', '', -24],
  ])(
    'of a run on another machine is taken after its whole duration without a renewal, when %s',
    async (_, owner, hours) => {
      const { outcome, tookMs } = await taken(leased(owner, hoursFromNow(hours)))
      expect(outcome).toBe('my-run')
      expect(tookMs).toBeGreaterThan(DURATION_S * 1000)
    },
  )

  it('of a dead process on this machine is taken at once', async () => {
    const { outcome, tookMs } = await taken(leased(ended(), hoursFromNow(0)))
    expect(outcome).toBe('my-run')
    expect(tookMs).toBeLessThan(DURATION_S * 1000)
  })

  it('is taken as soon as its holder releases it', async () => {
    const { outcome } = await taken(leased(elsewhere, hoursFromNow(0)), (looks, lease) =>
      looks < 3 ? lease : undefined,
    )
    expect(outcome).toBe('my-run')
  })
})

/** A lock that is held, of an API server that can be slow or silent; `renewals` counts those that it has answered. */
async function held(times: LockTimes, answersInMs = 0) {
  let lease: Lease | undefined
  let isSilent = false
  let renewals = 0
  const api = await smallApiServer(async ({ method, body }) => {
    if (isSilent) await new Promise<never>(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, answersInMs))
    if (method === 'POST' || method === 'PUT') lease = body as Lease
    if (method === 'PUT') renewals += 1
    if (method === 'DELETE') lease = undefined
    return lease ?? (method === 'DELETE' ? { kind: 'Status', status: 'Success', code: 200 } : refusal(404))
  })
  const lock = await leaseLock(api, times).acquire(target, 'my-run')
  return {
    lock,
    fallSilent: (silent: boolean) => {
      isSilent = silent
    },
    renewals: () => renewals,
  }
}

describe('a lock that is held', () => {
  it('outlasts an API server that does not answer for some renewals', async () => {
    const { lock, fallSilent, renewals } = await held({ durationS: 8, renewMs: 100, deadlineMs: 6000, timeoutMs: 200 })
    await vi.waitFor(() => expect(renewals()).toBeGreaterThan(0))
    fallSilent(true)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    fallSilent(false)
    const before = renewals()
    await vi.waitFor(() => expect(renewals()).toBeGreaterThan(before + 1))
    expect(lock.lost.aborted).toBe(false)
    await lock.release()
  })

  it('is renewed by an API server that needs longer for an answer than renewals are apart', async () => {
    const times = { durationS: 8, renewMs: 100, deadlineMs: 4000, timeoutMs: 2000 }
    const { lock, renewals } = await held(times, 300)
    await vi.waitFor(() => expect(renewals()).toBeGreaterThan(5), { timeout: 15_000 })
    expect(lock.lost.aborted).toBe(false)
    await lock.release()
  })

  it('keeps a later renewal when an earlier one is answered last', async () => {
    let lease: Lease | undefined
    let puts = 0
    let isSilent = false
    let answerFirst = () => {}
    const first = new Promise<void>((resolve) => {
      answerFirst = resolve
    })
    const api = await smallApiServer(async ({ method, body }) => {
      if (method === 'PUT' && ++puts === 1) await first
      else if (isSilent) await new Promise<never>(() => undefined)
      if (method === 'POST' || method === 'PUT') lease = body as Lease
      return lease ?? refusal(404)
    })
    const times = { durationS: 8, renewMs: 100, deadlineMs: 2000, timeoutMs: 5000 }
    const lock = await leaseLock(api, times).acquire(target, 'my-run')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect(puts).toBeGreaterThan(5)
    isSilent = true
    answerFirst() // it began 2.4 s ago, which is more than the deadline
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(lock.lost.aborted).toBe(false)
    isSilent = false
    await lock.release()
  })

  it('stops its run well before others may take it', () => {
    expect(LOCK_TIMES.deadlineMs).toBeLessThanOrEqual(LOCK_TIMES.durationS * 1000 - 5000)
    expect(LOCK_TIMES.timeoutMs).toBeLessThan(LOCK_TIMES.deadlineMs)
  })

  it('is lost before others may take it, and says that the API server did not answer', async () => {
    const { lock, fallSilent } = await held({ durationS: 8, renewMs: 100, deadlineMs: 1000, timeoutMs: 200 })
    fallSilent(true)
    const silentAt = performance.now()
    await vi.waitFor(() => expect(lock.lost.aborted).toBe(true), { timeout: 10_000 })
    expect(performance.now() - silentAt).toBeLessThan(8000)
    expect(String(lock.lost.reason)).toContain('no answer')
    fallSilent(false)
    await lock.release()
  })
})

describe('the owner of a lock', () => {
  it.each([
    ['this process', thisOwner(), false],
    ['a process that ended', ended(), true],
    ['another process with the same id', thisOwner().replace(/\/\d+\/pid/, '/1/pid'), true],
    ['a process of another PID namespace', ended().replace(/pid:\[\d+\]/, 'pid:[1]'), false],
    ['a process before a reboot, or of another machine of this name', ended().replace(bootId(), 'other'), false],
    ['a process of an earlier version, which named no namespace', ended().replace(/\/pid:.*/, ''), false],
  ])('%s is known to be dead only on its own machine', (_, owner, dead) => {
    expect(isDeadHere(owner)).toBe(dead)
  })
})

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}
